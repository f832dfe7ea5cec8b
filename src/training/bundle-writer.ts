/** Writes a fitted model as a bundle folder. */
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  BUNDLE_FILES,
  BUNDLE_FORMAT,
  hashBytes,
  type Manifest,
  manifestSchema,
} from '../classifiers/bundle.ts';
import { TIERS } from '../core/tier.ts';
import type { Example } from './examples.ts';
import { MAX_TOKENS } from './fit.ts';
import { tokenizerConfig, tokenizerJson } from './vocabulary.ts';

/**
 * `config.json`. The graph is not a transformer: `bert` is the architecture every Hugging Face reader maps to a
 * plain sequence classifier, and only the sizes below are ever read.
 */
export function modelConfig(vocabulary: number, maxTokens = MAX_TOKENS): Record<string, unknown> {
  return {
    architectures: ['BertForSequenceClassification'],
    model_type: 'bert',
    vocab_size: vocabulary,
    max_position_embeddings: maxTokens,
    num_labels: TIERS.length,
    id2label: Object.fromEntries(TIERS.map((tier, index) => [index, tier])),
    label2id: Object.fromEntries(TIERS.map((tier, index) => [tier, index])),
    problem_type: 'single_label_classification',
    pad_token_id: 0,
    'transformers.js_config': { dtype: 'fp32', device: 'cpu' },
  };
}

/** Rows and a hash of ids and labels, by source. */
export function describeData(examples: readonly Example[]): Manifest['data'] {
  const bySource = new Map<string, Example[]>();
  for (const example of examples) {
    const group = bySource.get(example.source) ?? [];
    group.push(example);
    bySource.set(example.source, group);
  }
  const names = [...bySource.keys()].sort();
  return Object.fromEntries(
    names.map((name) => {
      const rows = bySource.get(name) ?? [];
      const lines = rows
        .map(({ id, tier, success }) => `${id} ${tier ?? JSON.stringify(success ?? {})}`)
        .sort();
      return [
        name,
        { rows: rows.length, sha256: createHash('sha256').update(lines.join('\n')).digest('hex') },
      ];
    }),
  );
}

export interface TokenizerFiles {
  /** `tokenizer.json` */
  readonly tokenizer: Uint8Array;
  /** `tokenizer_config.json` */
  readonly config: Uint8Array;
  /** Tokens it knows. */
  readonly size: number;
  /** Longer texts lose their end; tokens. */
  readonly maxTokens: number;
}

/** The tokenizer of our own vocabulary. */
export function ownTokenizer(vocab: ReadonlyMap<string, number>): TokenizerFiles {
  return {
    tokenizer: Buffer.from(JSON.stringify(tokenizerJson(vocab))),
    config: json(tokenizerConfig(MAX_TOKENS)),
    size: vocab.size,
    maxTokens: MAX_TOKENS,
  };
}

export interface BundleContent {
  readonly model: Uint8Array;
  readonly tokenizer: TokenizerFiles;
  readonly manifest: Omit<Manifest, 'format' | 'files'>;
}

/** A JSON file as people read it. */
export function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

/** Writes `folder` as a whole: a reader sees the old bundle or the new one. Returns the manifest. */
export function writeBundle(folder: string, content: BundleContent): Manifest {
  const { tokenizer } = content;
  const bytes: Record<(typeof BUNDLE_FILES)[number], Uint8Array> = {
    'config.json': json(modelConfig(tokenizer.size, tokenizer.maxTokens)),
    'tokenizer.json': tokenizer.tokenizer,
    'tokenizer_config.json': tokenizer.config,
    'onnx/model.onnx': content.model,
  };
  const temporary = `${folder}.writing`;
  rmSync(temporary, { recursive: true, force: true });
  const files: Manifest['files'] = {} as Manifest['files'];
  for (const file of BUNDLE_FILES) {
    mkdirSync(dirname(join(temporary, file)), { recursive: true });
    writeFileSync(join(temporary, file), bytes[file]);
    files[file] = { sha256: hashBytes(bytes[file]), bytes: bytes[file].length };
  }
  const manifest = manifestSchema.parse({ format: BUNDLE_FORMAT, ...content.manifest, files });
  writeFileSync(join(temporary, 'manifest.json'), json(manifest));
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
  return manifest;
}

/** Makes `id` the bundle that `models` stands for. Atomic. */
export function pointTo(models: string, id: string): void {
  const temporary = join(models, 'current.writing');
  writeFileSync(temporary, `${id}\n`);
  renameSync(temporary, join(models, 'current'));
}
