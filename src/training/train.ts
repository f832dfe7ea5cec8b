/** The whole training run: rows in, bundle out. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Manifest } from '../classifiers/bundle.ts';
import { classificationOf } from '../classifiers/onnx.ts';
import { createWordPiece } from '../classifiers/wordpiece.ts';
import { TIERS } from '../core/tier.ts';
import { ownTokenizer } from './bundle-writer.ts';
import type { Example } from './examples.ts';
import { type FitInput, type FitOptions, fitModel, MAX_TOKENS } from './fit.ts';
import type { Judged } from './metrics.ts';
import { withMisspellings } from './misspellings.ts';
import { encodeModel } from './model-graph.ts';
import { type PublishOptions, publish } from './publish.ts';
import { runGraph } from './run-graph.ts';
import { tokenizerJson } from './vocabulary.ts';

export interface TrainOptions extends FitInput, PublishOptions {
  readonly fit: FitOptions;
  readonly lexiconPath: string;
}

/** Predictions of a model file on labelled rows. */
async function judge(
  model: Uint8Array,
  vocab: ReadonlyMap<string, number>,
  rows: readonly Example[],
): Promise<Judged[]> {
  const tokenizer = createWordPiece(tokenizerJson(vocab), MAX_TOKENS);
  if (!tokenizer) throw new Error('the vocabulary gives no readable tokenizer');
  const texts = rows.map(({ text }) => tokenizer.encode(text));
  const logits = await runGraph(model, texts, { name: 'logits', columns: TIERS.length });
  return rows.flatMap(({ tier: truth }, at) => {
    if (!truth) return [];
    return [
      { truth, ...classificationOf(logits.subarray(at * TIERS.length, (at + 1) * TIERS.length), TIERS) },
    ];
  });
}

/** Trains, calibrates, measures and writes `models/<id>`; `current` stays where it is. */
export async function train(options: TrainOptions): Promise<Manifest> {
  const { pretrained } = options;
  const { parts, outOfFold } = await fitModel(options, options.fit);
  const model = encodeModel(parts);
  const { vocab } = withMisspellings(pretrained.vocab);
  return publish(options, {
    model,
    tokenizer: ownTokenizer(vocab),
    platt: parts.platt,
    outOfFold,
    from: {
      pretrained: pretrained.sha256,
      lexicon: createHash('sha256').update(readFileSync(options.lexiconPath)).digest('hex'),
    },
    judge: (rows) => judge(model, vocab, rows),
  });
}
