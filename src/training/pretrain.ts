/** The pre-trained input of the trainer: a vocabulary and word vectors learnt from unlabelled text. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createWordPiece } from '../classifiers/wordpiece.ts';
import { trainVectors } from './vectors.ts';
import { buildVocabulary, tokenizerJson } from './vocabulary.ts';

export const DIMENSIONS = 64;

export interface Pretrained {
  readonly vocab: ReadonlyMap<string, number>;
  /** Unit vectors, [vocabulary * DIMENSIONS]. */
  readonly vectors: Float32Array;
  /** SHA-256 of the vocabulary and the vectors. */
  readonly sha256: string;
}

export interface PretrainOptions {
  readonly texts: readonly string[];
  readonly terms: readonly string[];
  readonly words: number;
  readonly pieces: number;
  readonly leastCount: number;
  readonly seed: number;
  readonly onProgress?: (done: number) => void;
}

const MAX_TOKENS = 400;
const WINDOW = 5;
const SCALE = 127;

const manifestSchema = z.object({
  dimensions: z.literal(DIMENSIONS),
  seed: z.number(),
  texts: z.number(),
  sha256: z.string(),
});

function hashOf(vocab: string, vectors: Int8Array): string {
  return createHash('sha256').update(vocab).update(vectors).digest('hex');
}

function dequantise(quantised: Int8Array): Float32Array {
  return Float32Array.from(quantised, (value) => value / SCALE);
}

/** Learns both and writes them to `folder`: `vocab.txt` (one token a line, line = id), `vectors.i8`, manifest. */
export function pretrain(options: PretrainOptions, folder: string): Pretrained {
  const { texts, terms, words, pieces, leastCount, seed } = options;
  const vocab = buildVocabulary({ texts, terms, words, pieces, leastCount });
  const tokenizer = createWordPiece(tokenizerJson(vocab), MAX_TOKENS);
  if (!tokenizer) throw new Error('the written tokenizer is not one the reader knows');
  const vectors = trainVectors({
    texts: texts.map((text) => tokenizer.encode(text)),
    vocabulary: vocab.size,
    dimensions: DIMENSIONS,
    window: WINDOW,
    seed,
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  const quantised = Int8Array.from(vectors, (value) => Math.round(value * SCALE));
  const list = `${[...vocab.keys()].join('\n')}\n`;
  const sha256 = hashOf(list, quantised);
  const manifest = {
    dimensions: DIMENSIONS,
    seed,
    texts: texts.length,
    tokens: vocab.size,
    window: WINDOW,
    sha256,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'vocab.txt'), list);
  writeFileSync(join(folder, 'vectors.i8'), quantised);
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return { vocab, vectors: dequantise(quantised), sha256 };
}

/** Reads what `pretrain` wrote. Throws where the files do not match their manifest. */
export function readPretrained(folder: string): Pretrained {
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
  const list = readFileSync(join(folder, 'vocab.txt'), 'utf8');
  const quantised = new Int8Array(readFileSync(join(folder, 'vectors.i8')));
  if (hashOf(list, quantised) !== manifest.sha256) throw new Error(`${folder} does not match its manifest`);
  const tokens = list.split('\n').slice(0, -1);
  const vocab = new Map(tokens.map((token, id) => [token, id]));
  return { vocab, vectors: dequantise(quantised), sha256: manifest.sha256 };
}
