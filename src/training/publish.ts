/** Writes a trained model as a bundle, with its thresholds and figures. */
import { join } from 'node:path';
import type { Manifest } from '../classifiers/bundle.ts';
import { classificationOf } from '../classifiers/onnx.ts';
import { TIERS } from '../core/tier.ts';
import { FEATURE_VERSION } from '../routing/features.ts';
import { baselineOf } from './baseline.ts';
import { describeData, type TokenizerFiles, writeBundle } from './bundle-writer.ts';
import type { Example } from './examples.ts';
import { accuracy, type Judged, summarise } from './metrics.ts';
import type { Platt } from './model-graph.ts';
import { doubtForShare, simpleFrom } from './thresholds.ts';

export interface PublishOptions {
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
  readonly examples: readonly Example[];
  readonly outcomes: readonly Example[];
  readonly fit: { readonly seed: number };
}

/** Cross-fitted scores of the training rows and what calibrates them. */
export interface CrossFitted {
  /** One per head. */
  readonly platt: readonly [Platt, Platt];
  /** Log odds before calibration, [examples * 2]. */
  readonly outOfFold: Float64Array;
}

export interface Trained extends CrossFitted {
  readonly model: Uint8Array;
  readonly tokenizer: TokenizerFiles;
  /** Hashes of what it was made from, besides the rows. */
  readonly from: Pick<Manifest, 'pretrained' | 'lexicon' | 'encoder'>;
  /** Predictions of the model file on rows with a tier. */
  readonly judge: (rows: readonly Example[]) => Promise<Judged[]>;
}

/** Cross-fitted predictions of the training rows, calibrated as the bundle is. */
function outOfFoldJudged({ platt, outOfFold }: CrossFitted, examples: readonly Example[]): Judged[] {
  return examples.flatMap(({ tier: truth, selected }, at) => {
    if (!truth || selected) return [];
    const [simple = 0, moderate = 0] = platt.map(
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

/** Measures, chooses thresholds and writes `models/<id>`; `current` stays where it is. */
export async function publish(options: PublishOptions, trained: Trained): Promise<Manifest> {
  const { examples, outcomes, id } = options;
  const crossFitted = outOfFoldJudged(trained, examples);
  const metrics: Record<string, Record<string, number>> = {
    crossFitted: rounded(summarise(crossFitted)),
    meanOfSources: rounded(meanOfSources(crossFitted, examples)),
  };
  for (const [name, rows] of Object.entries(options.tests)) {
    if (rows.length > 0) metrics[name] = rounded(summarise(await trained.judge(rows)));
  }
  const bound = simpleFrom(crossFitted, options.risk);
  const percent = Math.round(options.doubtShare * 100);
  return writeBundle(join(options.models, id), {
    model: trained.model,
    tokenizer: trained.tokenizer,
    manifest: {
      id,
      featureVersion: FEATURE_VERSION,
      codeVersion: options.codeVersion,
      seed: options.fit.seed,
      data: describeData([...examples, ...outcomes]),
      ...trained.from,
      calibration: [...trained.platt],
      thresholds: {
        doubtBelow: Math.round(doubtForShare(crossFitted, options.doubtShare) * 1e4) / 1e4,
        chosen: `${percent} % of the cross-fitted training rows lie below`,
        ...(bound === undefined ? {} : { simpleFrom: Math.min(1, Math.ceil(bound * 1e4) / 1e4) }),
      },
      metrics,
      baseline: baselineOf(examples),
    },
  });
}
