/** The whole training run: rows in, bundle out. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../classifiers/bundle.ts';
import { classificationOf } from '../classifiers/onnx.ts';
import { createWordPiece } from '../classifiers/wordpiece.ts';
import { TIERS } from '../core/tier.ts';
import { FEATURE_VERSION } from '../routing/features.ts';
import { baselineOf } from './baseline.ts';
import { describeData, writeBundle } from './bundle-writer.ts';
import type { Example } from './examples.ts';
import { type FitInput, type FitOptions, type Fitted, fitModel, MAX_TOKENS } from './fit.ts';
import { accuracy, type Judged, summarise } from './metrics.ts';
import { encodeModel } from './model-graph.ts';
import { runGraph } from './run-graph.ts';
import { doubtForShare, simpleFrom } from './thresholds.ts';
import { tokenizerJson } from './vocabulary.ts';

export interface TrainOptions extends FitInput {
  readonly fit: FitOptions;
  /** Name of the bundle; made from date and data where absent. */
  readonly id: string;
  readonly codeVersion: string;
  /** Folder of bundles. */
  readonly models: string;
  /** Split name to rows never trained on: their figures go into the manifest. */
  readonly tests: Readonly<Record<string, readonly Example[]>>;
  /** Share of requests that may be asked of the judge. */
  readonly doubtShare: number;
  /** Share of complex requests that may be answered by the simple tier. */
  readonly risk: number;
  readonly lexiconPath: string;
}

/** Predictions of a model file on labelled rows. */
export async function judge(
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

/** Cross-fitted predictions of the training rows, calibrated as the bundle is. */
export function outOfFoldJudged({ parts, outOfFold }: Fitted, examples: readonly Example[]): Judged[] {
  return examples.flatMap(({ tier: truth, selected }, at) => {
    if (!truth || selected) return [];
    const [simple = 0, moderate = 0] = parts.platt.map(
      ({ slope, offset }, head) => 1 / (1 + Math.exp(-(slope * (outOfFold[at * 2 + head] ?? 0) + offset))),
    );
    const enough = Math.max(simple, moderate);
    const tiers = [simple, enough - simple, 1 - enough];
    return [
      {
        truth,
        ...classificationOf(
          tiers.map((value) => Math.log(Math.max(value, 1e-4))),
          TIERS,
        ),
      },
    ];
  });
}

/** Mean over the sources of others of the cross-fitted accuracy; with folds by source, that on sources never seen. */
function meanOfSources(rows: readonly Judged[], examples: readonly Example[]): Record<string, number> {
  const counted = examples.filter(({ tier, selected }) => tier !== undefined && !selected);
  const sources = new Map<string, Judged[]>();
  for (const [at, { source }] of counted.entries()) {
    const row = rows[at];
    if (row && !source.startsWith('authored')) sources.set(source, [...(sources.get(source) ?? []), row]);
  }
  const shares = [...sources.values()].map(accuracy);
  return { sources: shares.length, accuracy: shares.reduce((sum, share) => sum + share, 0) / shares.length };
}

function rounded(metrics: Record<string, number>): Record<string, number> {
  const known = Object.entries(metrics).filter(([, value]) => Number.isFinite(value));
  return Object.fromEntries(known.map(([name, value]) => [name, Math.round(value * 1e4) / 1e4]));
}

/** Trains, calibrates, measures and writes `models/<id>`; `current` stays where it is. */
export async function train(options: TrainOptions): Promise<Manifest> {
  const { examples, outcomes, pretrained, id, models } = options;
  const fitted = await fitModel(options, options.fit);
  const model = encodeModel(fitted.parts);
  const crossFitted = outOfFoldJudged(fitted, examples);
  const metrics: Record<string, Record<string, number>> = {
    crossFitted: rounded(summarise(crossFitted)),
    meanOfSources: rounded(meanOfSources(crossFitted, examples)),
  };
  for (const [name, rows] of Object.entries(options.tests)) {
    if (rows.length > 0) metrics[name] = rounded(summarise(await judge(model, pretrained.vocab, rows)));
  }
  const bound = simpleFrom(crossFitted, options.risk);
  const percent = Math.round(options.doubtShare * 100);
  const manifest = writeBundle(join(models, id), {
    model,
    vocab: pretrained.vocab,
    manifest: {
      id,
      featureVersion: FEATURE_VERSION,
      codeVersion: options.codeVersion,
      seed: options.fit.seed,
      data: describeData([...examples, ...outcomes]),
      pretrained: pretrained.sha256,
      lexicon: createHash('sha256').update(readFileSync(options.lexiconPath)).digest('hex'),
      calibration: [...fitted.parts.platt],
      thresholds: {
        doubtBelow: Math.round(doubtForShare(crossFitted, options.doubtShare) * 1e4) / 1e4,
        chosen: `${percent} % of the cross-fitted training rows lie below`,
        ...(bound === undefined ? {} : { simpleFrom: Math.round(bound * 1e4) / 1e4 }),
      },
      metrics,
      baseline: baselineOf(examples),
    },
  });
  return manifest;
}
