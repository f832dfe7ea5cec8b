/** Chooses a bundle's thresholds on rows it was not trained on, and writes them into its manifest. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Manifest, readManifest, resolveBundle } from '../classifiers/bundle.ts';
import { openOnnxClassifier } from '../classifiers/onnx.ts';
import { FEATURE_VERSION } from '../routing/features.ts';
import type { Example } from './examples.ts';
import { accuracy, type Judged } from './metrics.ts';
import { doubtForShare, simpleFrom } from './thresholds.ts';

export interface CalibrateOptions {
  readonly model: string;
  /** Labelled rows that training never saw. */
  readonly rows: readonly Example[];
  /** Share of requests the judge may be asked; 0: no band of its own. */
  readonly share: number;
  /** Share of complex requests the simple tier may answer, with 95 % confidence; absent: nothing is promised. */
  readonly risk?: number;
}

/** A promise that these rows cannot bear out. */
export class CalibrationError extends Error {}

export interface Calibrated {
  readonly thresholds: Manifest['thresholds'];
  readonly rows: number;
  /** Share of the rows in doubt, under either bound, as the gate has it. */
  readonly doubtful: number;
  readonly accuracyWhenSure: number;
  /** Share of simple rows that pass `simpleFrom`; absent without a risk to hold. */
  readonly simpleKept?: number;
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

/** The bound that holds the risk. Throws CalibrationError where none can. */
function boundFor(rows: readonly Judged[], risk: number): number {
  const bound = simpleFrom(rows, risk);
  if (bound !== undefined) return Math.min(1, Math.ceil(bound * 1e4) / 1e4);
  const complex = rows.filter(({ truth }) => truth === 'complex').length;
  throw new CalibrationError(
    `No bound on P(simple) can promise a risk under ${risk} with 95 % confidence: ${complex} complex rows are too few.`,
  );
}

/** The thresholds for a share of doubt, a bound of risk, or both. Throws CalibrationError. */
export function chooseThresholds(
  rows: readonly Judged[],
  options: Pick<CalibrateOptions, 'share' | 'risk'>,
): Calibrated {
  const { share, risk } = options;
  const doubtBelow = rounded(doubtForShare(rows, share));
  const from = risk === undefined ? undefined : boundFor(rows, risk);
  const sure = rows.filter(
    ({ tier, confidence }) => confidence >= Math.max(doubtBelow, tier === 'simple' ? (from ?? 0) : 0),
  );
  const simple = rows.filter(({ truth }) => truth === 'simple');
  const kept = (bound: number): number =>
    simple.filter(({ probabilities }) => probabilities.simple >= bound).length / simple.length;
  const promise = risk === undefined ? '' : `; at most ${risk * 100} % of complex ones are risked, 95 % sure`;
  const chosen = `${Math.round(share * 100)} % of ${rows.length} rows never trained on lie below${promise}`;
  return {
    thresholds: { doubtBelow, chosen, ...(from === undefined ? {} : { simpleFrom: from }) },
    rows: rows.length,
    doubtful: 1 - sure.length / rows.length,
    accuracyWhenSure: accuracy(sure),
    ...(from === undefined ? {} : { simpleKept: kept(from) }),
  };
}

/** Writes the chosen thresholds into `manifest.json`, as a whole. Rejects with CalibrationError; nothing is then written. */
export async function calibrate(options: CalibrateOptions): Promise<Calibrated> {
  const folder = resolveBundle(options.model);
  const manifest = readManifest(folder);
  const classifier = await openOnnxClassifier(folder, { featureVersion: FEATURE_VERSION });
  const answers = await classifier.classify(options.rows);
  await classifier.close();
  const judged = options.rows.flatMap(({ tier: truth }, at): Judged[] => {
    const answer = answers[at];
    return truth && answer ? [{ truth, ...answer }] : [];
  });
  const result = chooseThresholds(judged, options);
  const temporary = join(folder, 'manifest.json.writing');
  writeFileSync(temporary, `${JSON.stringify({ ...manifest, thresholds: result.thresholds }, null, 2)}\n`);
  renameSync(temporary, join(folder, 'manifest.json'));
  return result;
}
