/**
 * May the challenger replace the champion? Both judge the same rows, none of which either was trained on; differences
 * come with paired bootstrap intervals (Efron 1979), so that noise does not promote anything.
 */

import type { PerTier } from '../core/tier.ts';
import {
  accuracy,
  calibrationError,
  complexToSimple,
  type Judged,
  relativeCost,
  sufficientShare,
} from './metrics.ts';
import { createRandom } from './random.ts';

/** How much worse each figure may be while its interval still holds zero. All are shares. */
export interface Margins {
  readonly accuracy: number;
  readonly complexToSimple: number;
  readonly calibration: number;
  /** Answered by a tier that is good enough. Looked at where cost is the objective. */
  readonly sufficiency: number;
  /** Mean price of the chosen tiers, as a share of the complex tier's. Looked at where cost is the objective. */
  readonly cost: number;
}

export const DEFAULT_MARGINS: Margins = {
  accuracy: 0.01,
  complexToSimple: 0.02,
  calibration: 0.02,
  sufficiency: 0.01,
  cost: 0.02,
};

export const OBJECTIVES = ['accuracy', 'cost'] as const;
/** What has to be better before a challenger is promoted: accuracy, or cost at a sufficiency that is not worse. */
export type Objective = (typeof OBJECTIVES)[number];

/** Prices of the tiers relative to each other. */
export const DEFAULT_PRICES: PerTier<number> = { simple: 1, moderate: 5, complex: 25 };

export interface GateOptions {
  readonly margins?: Margins;
  readonly objective?: Objective;
  /** Relative prices of the tiers; all above 0. */
  readonly prices?: PerTier<number>;
}

/** One test set, judged by both, row by row in the same order. */
export interface Bout {
  readonly name: string;
  readonly champion: readonly Judged[];
  readonly challenger: readonly Judged[];
}

export interface Difference {
  readonly test: string;
  readonly figure: keyof Margins;
  readonly rows: number;
  readonly champion: number;
  readonly challenger: number;
  /** Challenger minus champion with its 95 % interval. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: 'better' | 'not worse' | 'worse';
}

export interface GateReport {
  readonly promoted: boolean;
  readonly reason: string;
  readonly objective: Objective;
  readonly differences: readonly Difference[];
}

interface Figure {
  readonly of: (rows: readonly Judged[]) => number;
  /** +1 where more is better, -1 where less is. */
  readonly sign: 1 | -1;
}

function figuresOf(objective: Objective, prices: PerTier<number>): Partial<Record<keyof Margins, Figure>> {
  return {
    accuracy: { of: accuracy, sign: 1 },
    complexToSimple: { of: complexToSimple, sign: -1 },
    calibration: { of: calibrationError, sign: -1 },
    ...(objective === 'cost'
      ? {
          sufficiency: { of: sufficientShare, sign: 1 },
          cost: { of: (rows: readonly Judged[]) => relativeCost(rows, prices), sign: -1 },
        }
      : {}),
  };
}

const ROUNDS = 1_000;
/** A test set smaller than this proves nothing either way. */
export const LEAST_ROWS = 30;

function compare(
  bout: Bout,
  name: keyof Margins,
  { of, sign, margin }: Figure & { readonly margin: number },
): Difference | undefined {
  const { champion, challenger } = bout;
  const random = createRandom(1);
  const gap = (at: readonly number[]): number =>
    of(at.flatMap((row) => challenger[row] ?? [])) - of(at.flatMap((row) => champion[row] ?? []));
  const all = [...champion.keys()];
  const value = gap(all);
  if (!Number.isFinite(value)) return undefined;
  const drawn = Array.from({ length: ROUNDS }, () => gap(all.map(() => random.below(all.length))));
  const sorted = drawn.filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? value;
  const [low, high] = [at(0.025), at(0.975)];
  const [worst, best] = sign === 1 ? [low, high] : [-high, -low];
  const notWorse = best >= 0 && sign * value >= -margin;
  const verdict = worst > 0 ? 'better' : notWorse ? 'not worse' : 'worse';
  const figures = { champion: of(champion), challenger: of(challenger) };
  return { test: bout.name, figure: name, rows: all.length, ...figures, value, low, high, verdict };
}

/**
 * Promotes where no figure is worse on any test set and the objective is better on at least one beyond chance. `worse`
 * is a loss larger than the margin, or one of any size that its interval tells apart from none.
 */
export function judgeChallenger(
  bouts: readonly Bout[],
  { margins = DEFAULT_MARGINS, objective = 'accuracy', prices = DEFAULT_PRICES }: GateOptions = {},
): GateReport {
  const figures = Object.entries(figuresOf(objective, prices)) as [keyof Margins, Figure][];
  const large = bouts.filter((bout) => bout.champion.length >= LEAST_ROWS);
  const differences = large.flatMap((bout) =>
    figures.flatMap(([name, figure]) => compare(bout, name, { ...figure, margin: margins[name] }) ?? []),
  );
  const worse = differences.find(({ verdict }) => verdict === 'worse');
  const better = differences.find(({ figure, verdict }) => figure === objective && verdict === 'better');
  if (differences.length === 0) {
    const reason = `no test set has ${LEAST_ROWS} rows that neither model was trained on`;
    return { promoted: false, reason, objective, differences };
  }
  if (worse) {
    const reason = `${worse.figure} on ${worse.test} is worse (margin ${margins[worse.figure]})`;
    return { promoted: false, reason, objective, differences };
  }
  if (!better) {
    return { promoted: false, reason: `${objective} is not better beyond chance`, objective, differences };
  }
  const reason = `${objective} on ${better.test} is better and nothing is worse`;
  return { promoted: true, reason, objective, differences };
}
