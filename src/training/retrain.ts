/** Feedback in, a new bundle and a verdict out. The running bundle changes only when the verdict says so. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from '../classifiers/bundle.ts';
import { openOnnxClassifier } from '../classifiers/onnx.ts';
import { FEATURE_VERSION } from '../routing/features.ts';
import type { BaseData } from './base-data.ts';
import { describeData } from './bundle-writer.ts';
import { currentBundle, moveTo } from './bundles.ts';
import type { Example } from './examples.ts';
import type { FitOptions } from './fit.ts';
import type { Judged } from './metrics.ts';
import { type GateOptions, type GateReport, judgeChallenger } from './promotion-gate.ts';
import { train } from './train.ts';

export interface RetrainOptions {
  readonly base: BaseData;
  /** Logged requests with what their signals say. */
  readonly feedback: readonly Example[];
  /** Folder of bundles. */
  readonly models: string;
  /** Name of the new bundle. */
  readonly id: string;
  /** Bundle that serves now: its folder, or the folder of bundles. Absent: the first one needs no proof. */
  readonly champion?: string;
  /** What has to be better, and by how much nothing may be worse. */
  readonly gate?: GateOptions;
  /**
   * Continues a run that was interrupted: a bundle of this id that was trained on the very same rows is not trained
   * again, and a verdict beside it stands.
   */
  readonly resume?: boolean;
  /** Moves the pointer when the gate says so. */
  readonly promote: boolean;
  readonly codeVersion: string;
  readonly fit: FitOptions;
  readonly doubtShare: number;
  readonly risk: number;
}

export interface RetrainReport {
  readonly id: string;
  /** False where an interrupted run had trained it already. */
  readonly trained: boolean;
  readonly trainedOn: { readonly base: number; readonly feedback: number };
  /** Feedback rows kept for the gate. */
  readonly heldBack: number;
  readonly gate: GateReport;
}

/** True for the fifth of the feedback sessions that the gate judges on: stable by group. */
export function isRecentTest(group: string): boolean {
  return (
    Number.parseInt(createHash('sha1').update(`recent:${group}`).digest('hex').slice(0, 8), 16) % 5 === 0
  );
}

async function judgeWith(bundle: string, rows: readonly Example[]): Promise<Judged[]> {
  const classifier = await openOnnxClassifier(bundle, { featureVersion: FEATURE_VERSION });
  try {
    const known = rows.flatMap((row) => (row.tier ? [{ text: row.text, truth: row.tier }] : []));
    const answers = await classifier.classify(known);
    return answers.map((answer, at) => ({ ...answer, truth: known[at]?.truth ?? answer.tier }));
  } finally {
    await classifier.close();
  }
}

async function runGate(options: RetrainOptions, recent: readonly Example[]): Promise<GateReport> {
  const { champion, models, id, base } = options;
  if (champion === undefined) {
    return {
      promoted: true,
      reason: 'there is no bundle to compare with',
      objective: options.gate?.objective ?? 'accuracy',
      differences: [],
    };
  }
  const sets = { recent, ...base.tests };
  const bouts = [];
  for (const [name, rows] of Object.entries(sets)) {
    const challenger = await judgeWith(join(models, id), rows);
    bouts.push({ name, challenger, champion: await judgeWith(champion, rows) });
  }
  return judgeChallenger(bouts, options.gate);
}

const GATE = 'gate.json';

/** True where the bundle is complete and its manifest names the same rows of every source. */
function isTrained(folder: string, rows: readonly Example[]): boolean {
  try {
    const { data } = readManifest(folder);
    const wanted = describeData(rows);
    const names = new Set([...Object.keys(data), ...Object.keys(wanted)]);
    return [...names].every((name) => data[name]?.sha256 === wanted[name]?.sha256);
  } catch {
    return false;
  }
}

/** The verdict of an interrupted run, which had come so far; undefined where there is none. */
function storedGate(folder: string): GateReport | undefined {
  const path = join(folder, GATE);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as GateReport) : undefined;
}

/** As a whole: a run that is interrupted leaves no half a verdict. */
function writeGate(folder: string, gate: GateReport): void {
  const temporary = join(folder, `${GATE}.writing`);
  writeFileSync(temporary, `${JSON.stringify(gate, null, 2)}\n`);
  renameSync(temporary, join(folder, GATE));
}

/**
 * Trains on the base rows and four fifths of the feedback (by session), writes `models/<id>` with `gate.json`, compares
 * it with the champion on recent feedback and the frozen base tests, and points `current` to it if it may replace it.
 * Throws BundleError where the champion cannot be loaded.
 */
export async function retrain(options: RetrainOptions): Promise<RetrainReport> {
  const { base, feedback, models, id } = options;
  const learnt = feedback.filter((row) => !isRecentTest(row.group));
  const recent = feedback.filter((row) => isRecentTest(row.group) && row.tier !== undefined);
  const folder = join(models, id);
  const examples = [...base.input.examples, ...learnt];
  const continued = options.resume === true && isTrained(folder, [...examples, ...base.input.outcomes]);
  if (!continued) {
    await train({
      ...base.input,
      examples,
      lexiconPath: base.lexiconPath,
      tests: { ...base.tests, recent },
      fit: options.fit,
      id,
      models,
      codeVersion: options.codeVersion,
      doubtShare: options.doubtShare,
      risk: options.risk,
    });
  }
  const gate = (continued ? storedGate(folder) : undefined) ?? (await runGate(options, recent));
  writeGate(folder, gate);
  if (gate.promoted && options.promote && currentBundle(models) !== id)
    moveTo(models, id, { action: 'promote', at: new Date() });
  return {
    id,
    trained: !continued,
    trainedOn: { base: base.input.examples.length, feedback: learnt.length },
    heldBack: recent.length,
    gate,
  };
}
