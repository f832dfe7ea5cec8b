/** What every kind of model trains on: rows with folds, targets and weights; and how its two heads are calibrated. */
import { type Example, foldOf, sufficiencyOf } from './examples.ts';
import type { FitInput, FitOptions } from './fit.ts';
import type { Platt } from './model-graph.ts';
import { failureOf, outcomeTargets } from './outcomes.ts';
import { fitPlatt } from './platt.ts';

export interface PlannedRow {
  readonly text: string;
  /** 0 to `folds` - 1. */
  readonly fold: number;
  /** Simple is enough, moderate is enough, failure in outcome tables, four attributes; 0 to 1, NaN unknown. */
  readonly targets: readonly number[];
  readonly weight: number;
}

function targetsOf(
  example: Example,
  input: RowsInput,
  { smoothing }: Pick<FitOptions, 'smoothing'>,
): number[] {
  const reach = example.certain ? smoothing[0] : smoothing[1];
  const label = example.tier && sufficiencyOf(example.tier).map((yes) => (yes ? 1 - reach : reach));
  const tiers = example.sufficient ?? label ?? outcomeTargets(example.success, input.outcomeModels);
  const attributes = example.attributes?.map((value) => value / 4) ?? new Array(4).fill(Number.NaN);
  return [...tiers, failureOf(example.success), ...attributes];
}

/** What the rows are made of; no vocabulary and no lexicon. */
export type RowsInput = Pick<FitInput, 'examples' | 'outcomes' | 'outcomeModels' | 'weightOf'>;

/** The examples in their order, then the outcome rows. */
export function planRows(
  input: RowsInput,
  options: Pick<FitOptions, 'folds' | 'foldBy' | 'smoothing' | 'outcomeWeight'>,
): PlannedRow[] {
  const { examples, outcomes } = input;
  const all = [...examples, ...outcomes];
  const sizes = new Map<string, number>();
  for (const { source } of all) sizes.set(source, (sizes.get(source) ?? 0) + 1);
  const keyOf = ({ source, group }: Example): string =>
    options.foldBy === 'source' && (sizes.get(source) ?? 0) * 2 * options.folds <= all.length
      ? source
      : group;
  return all.map((example, at): PlannedRow => {
    const trust = at < examples.length ? (input.weightOf?.(example) ?? 1) : options.outcomeWeight;
    return {
      text: example.text,
      fold: foldOf(keyOf(example), options.folds),
      targets: targetsOf(example, input, options),
      weight: (example.weight ?? 1) * trust,
    };
  });
}

/** Calibration of one head on the cross-fitted scores of the labelled rows. */
function calibrate({ examples, weightOf }: RowsInput, outOfFold: Float64Array, head: number): Platt {
  const known = [...examples.keys()].filter(
    (at) => examples[at]?.tier !== undefined && !examples[at]?.selected,
  );
  return fitPlatt(
    known.map((at) => outOfFold[at * 2 + head] ?? 0),
    known.map((at) => sufficiencyOf(examples[at]?.tier ?? 'complex')[head] ?? 0),
    known.map((at) => (examples[at] ? (weightOf?.(examples[at]) ?? 1) : 1)),
  );
}

/** Calibration of both heads on cross-fitted log odds [examples * 2]. */
export function calibrateHeads(input: RowsInput, outOfFold: Float64Array): readonly [Platt, Platt] {
  return [calibrate(input, outOfFold, 0), calibrate(input, outOfFold, 1)];
}
