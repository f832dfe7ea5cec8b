/** One evaluation: the model and the baselines on the same rows, by part, under small changes, and its speed. */
import { openOnnxClassifier } from '../classifiers/onnx.ts';
import type { Classifier } from '../core/ports.ts';
import { FEATURE_VERSION } from '../routing/features.ts';
import { BASELINES } from './baselines.ts';
import { type Latency, latencyOf } from './bench.ts';
import { bootstrap, type Interval } from './bootstrap.ts';
import { type CascadePoint, cascade, type JudgeAnswers } from './cascade.ts';
import { type Example, rowText } from './examples.ts';
import {
  accuracy,
  accuracyAtCoverage,
  calibrationError,
  type Judged,
  macroF1,
  simpleKept,
  summarise,
} from './metrics.ts';
import { PERTURBATIONS, perturbLast } from './perturb.ts';

export { parseJudgeAnswers } from './cascade.ts';

export interface EvaluateOptions {
  /** Bundle, or folder of bundles. */
  readonly model: string;
  readonly rows: readonly Example[];
  /** Rows the baselines may learn from. */
  readonly train: readonly Example[];
  readonly judges?: JudgeAnswers;
  readonly latency: boolean;
}

export interface Report {
  readonly model: string;
  readonly rows: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly intervals: Readonly<Record<string, Interval>>;
  readonly baselines: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly bySource: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly byLanguage: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly byLength: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Share of decisions that change. */
  readonly flips: Readonly<Record<string, number>>;
  readonly latency?: Latency;
  /** Accuracy against share of judge calls, by judge. */
  readonly cascades: Readonly<Record<string, readonly CascadePoint[]>>;
}

type Row = Judged & { readonly id: string; readonly example: Example };

async function predict(classifier: Classifier, rows: readonly Example[]): Promise<Row[]> {
  const answers = await classifier.classify(rows);
  return rows.flatMap((example, at) => {
    const answer = answers[at];
    return answer && example.tier ? [{ ...answer, truth: example.tier, id: example.id, example }] : [];
  });
}

function byPart(rows: readonly Row[], part: (row: Row) => string): Record<string, Record<string, number>> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(part(row), [...(groups.get(part(row)) ?? []), row]);
  const names = [...groups.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, summarise(groups.get(name) ?? [])]));
}

function lengthOf({ example }: Row): string {
  const characters = example.prompt.length;
  const bound = [60, 200, 600, 2_000].find((limit) => characters <= limit);
  return bound === undefined ? '> 2000' : `<= ${String(bound).padStart(4)}`;
}

async function flipsOf(classifier: Classifier, rows: readonly Row[]): Promise<Record<string, number>> {
  const flips: Record<string, number> = {};
  for (const [name, perturbation] of Object.entries(PERTURBATIONS)) {
    const changed = rows.map(({ example }, at) => ({
      text: rowText(perturbLast(example.messages, perturbation, at), example.facts),
    }));
    const answers = await classifier.classify(changed);
    flips[name] = rows.filter(({ tier }, at) => answers[at]?.tier !== tier).length / rows.length;
  }
  return flips;
}

export async function evaluate(options: EvaluateOptions): Promise<Report> {
  const classifier = await openOnnxClassifier(options.model, { featureVersion: FEATURE_VERSION });
  const rows = await predict(classifier, options.rows);
  const input = { test: options.rows, train: options.train, seed: 1 };
  const baselines: Record<string, Record<string, number>> = {};
  for (const [name, baseline] of Object.entries(BASELINES))
    baselines[name] = summarise(await baseline(input));
  const cascades: Record<string, readonly CascadePoint[]> = {};
  for (const [name, answers] of options.judges ?? []) cascades[name] = cascade(rows, answers);
  const flips = await flipsOf(classifier, rows);
  const latency = options.latency ? await latencyOf(classifier) : undefined;
  await classifier.close();
  return {
    model: classifier.id,
    rows: rows.length,
    figures: summarise(rows),
    intervals: {
      accuracy: bootstrap(rows, accuracy),
      macroF1: bootstrap(rows, macroF1),
      simpleKept: bootstrap(rows, (sample) => simpleKept(sample, 0.05)),
      accuracyAt70: bootstrap(rows, (sample) => accuracyAtCoverage(sample, 0.7)),
      ece: bootstrap(rows, calibrationError),
    },
    baselines,
    bySource: byPart(rows, ({ example }) => example.source),
    byLanguage: byPart(rows, ({ example }) => example.language),
    byLength: byPart(rows, lengthOf),
    flips,
    ...(latency ? { latency } : {}),
    cascades,
  };
}
