/**
 * What would another policy have brought? Answered from a log that says with which probability each tier was chosen.
 *
 * Inverse propensity scoring (Horvitz and Thompson 1952), its self-normalised form (Swaminathan and Joachims 2015) and
 * the doubly robust estimate (Dudík, Langford and Li 2011), with bootstrap intervals over conversations (Efron 1979)
 * and the effective sample size (Kish 1965). Where the log cannot answer, none of them is given.
 */
import { type PerTier, TIERS, type Tier } from '../core/tier.ts';
import type { Interval } from './bootstrap.ts';
import { createRandom } from './random.ts';

/** One logged choice, seen by the policy in question. */
export interface OffPolicyRow {
  /** Rows of one conversation are drawn together. */
  readonly group: string;
  /** The tier that was chosen, and with which probability, above 0 to 1. */
  readonly action: Tier;
  readonly propensity: number;
  /** Probability with which the policy in question would choose each tier; sums to 1. */
  readonly target: PerTier<number>;
  /** What the choice brought, NaN where nobody knows. */
  readonly reward: number;
  /** What a model expects of each tier; it may be wrong, the doubly robust estimate then still holds. */
  readonly expected: PerTier<number>;
  /** What the policy in question adds whichever tier it chooses: 0, or the price of asking the judge. */
  readonly added: number;
  /** What the logged policy added. */
  readonly loggedAdded: number;
}

/** When the log can answer. */
export interface Bounds {
  /** Fewer effective rows make intervals that themselves cannot be trusted. */
  readonly leastEffective: number;
  /** Largest share of the policy's choices that the log never tries: by so much an estimate can be off unseen. */
  readonly mostUnsupported: number;
}

export const DEFAULT_BOUNDS: Bounds = { leastEffective: 100, mostUnsupported: 0.02 };

export interface Estimates {
  readonly ips: Interval;
  readonly snips: Interval;
  readonly doublyRobust: Interval;
}

export interface OffPolicyReport {
  /** Rows whose reward is known; all else is over these. */
  readonly rows: number;
  /** What the logged choices brought. */
  readonly logged: Interval;
  readonly effectiveRows: number;
  /** Share of the policy's choices that the log never tries. */
  readonly unsupported: number;
  /** Where the log cannot answer: why, in plain words. */
  readonly refusal?: string;
  readonly estimates?: Estimates;
  /** The share of choices on which both agree, and what those brought: known whatever else is not. */
  readonly agreement: { readonly share: number; readonly value: Interval };
}

/** Sums over the rows of a group; every figure is a ratio of such sums. */
interface Sums {
  rows: number;
  weight: number;
  weighted: number;
  robust: number;
  added: number;
  logged: number;
  agreed: number;
  agreedReward: number;
}

const FIGURES = {
  logged: (sums: Sums): number => sums.logged / sums.rows,
  weight: (sums: Sums): number => sums.weight / sums.rows,
  ips: (sums: Sums): number => (sums.weighted + sums.added) / sums.rows,
  snips: (sums: Sums): number => sums.weighted / sums.weight + sums.added / sums.rows,
  doublyRobust: (sums: Sums): number => (sums.robust + sums.added) / sums.rows,
  agreed: (sums: Sums): number => sums.agreedReward / sums.agreed,
};
type Figure = keyof typeof FIGURES;

const ROUNDS = 1_000;
/** Above this many, groups are drawn in blocks: the variance of a sum of independent groups stays what it is. */
const MOST_BLOCKS = 10_000;

const zero = (): Sums => ({
  rows: 0,
  weight: 0,
  weighted: 0,
  robust: 0,
  added: 0,
  logged: 0,
  agreed: 0,
  agreedReward: 0,
});

function addTo(total: Sums, part: Sums): void {
  for (const key of Object.keys(total) as (keyof Sums)[]) total[key] += part[key];
}

/** Propensities are checked here, once: one outside (0, 1] would silently spoil every sum. Throws RangeError. */
function sumsOf(row: OffPolicyRow): Sums {
  const { action, propensity, target, reward, expected, added } = row;
  if (!(propensity > 0 && propensity <= 1)) throw new RangeError(`a propensity of ${propensity}`);
  const weight = target[action] / propensity;
  const model = TIERS.reduce((sum, tier) => sum + (target[tier] > 0 ? target[tier] * expected[tier] : 0), 0);
  return {
    rows: 1,
    weight,
    weighted: weight * reward,
    robust: model + (weight > 0 ? weight * (reward - expected[action]) : 0),
    added,
    logged: reward + row.loggedAdded,
    agreed: target[action],
    agreedReward: target[action] * reward,
  };
}

function blocksOf(rows: readonly OffPolicyRow[]): Sums[] {
  const groups = new Map<string, Sums>();
  for (const row of rows) {
    const sums = groups.get(row.group) ?? zero();
    addTo(sums, sumsOf(row));
    groups.set(row.group, sums);
  }
  if (groups.size <= MOST_BLOCKS) return [...groups.values()];
  const blocks = Array.from({ length: MOST_BLOCKS }, zero);
  for (const [index, sums] of [...groups.values()].entries()) {
    const block = blocks[index % MOST_BLOCKS];
    if (block) addTo(block, sums);
  }
  return blocks;
}

interface Found extends Record<Figure, Interval> {
  /** The mean weight is hardly ever higher: 99.9 % of the rounds are below. */
  readonly mostWeight: number;
}

function intervals(blocks: readonly Sums[], seed: number): Found {
  const random = createRandom(seed);
  const names = Object.keys(FIGURES) as Figure[];
  const drawn = Array.from({ length: ROUNDS }, () => {
    const total = zero();
    for (let draw = 0; draw < blocks.length; draw++) {
      const block = blocks[random.below(blocks.length)];
      if (block) addTo(total, block);
    }
    return total;
  });
  const all = zero();
  for (const block of blocks) addTo(all, block);
  const quantiles = (name: Figure): ((share: number) => number) => {
    const values = drawn.map(FIGURES[name]).filter(Number.isFinite);
    values.sort((a, b) => a - b);
    return (share) => values[Math.floor(share * (values.length - 1))] ?? Number.NaN;
  };
  const interval = (name: Figure): Interval => {
    const at = quantiles(name);
    return { value: FIGURES[name](all), low: at(0.025), high: at(0.975) };
  };
  const found = Object.fromEntries(names.map((name) => [name, interval(name)])) as Record<Figure, Interval>;
  return { ...found, mostWeight: quantiles('weight')(0.999) };
}

/** Kish's effective sample size, (sum of weights)² / sum of squared weights; 0 where all are 0. */
export function effectiveSampleSize(weights: readonly number[]): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const squares = weights.reduce((total, weight) => total + weight * weight, 0);
  return squares === 0 ? 0 : (sum * sum) / squares;
}

/**
 * The share of the policy's choices that the log never tries. A tier chosen with certainty leaves the others untried;
 * among tiers chosen by chance the weights average 1 exactly where all were tried, so a shortfall beyond chance counts.
 */
function unsupportedShare(rows: readonly OffPolicyRow[], mostWeight: number): number {
  const certain = rows.reduce((sum, row) => sum + (row.propensity === 1 ? 1 - row.target[row.action] : 0), 0);
  return Math.max(0, certain / rows.length, 1 - mostWeight);
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function refusalOf(
  rows: readonly OffPolicyRow[],
  unsupported: number,
  effective: number,
  bounds: Bounds,
): string | undefined {
  if (unsupported > bounds.mostUnsupported) {
    const explored = rows.some(({ propensity }) => propensity < 1);
    const why = explored
      ? 'exploration did not reach them'
      : 'nothing was explored: every tier was chosen with probability 1';
    return `${percent(unsupported)} of its choices were never tried (at most ${percent(bounds.mostUnsupported)} may be), because ${why}`;
  }
  if (effective >= bounds.leastEffective) return undefined;
  return `the log is worth ${effective.toFixed(1)} rows for this question (Kish), at least ${bounds.leastEffective} are needed`;
}

/**
 * The value of the policy in question from the rows whose reward is known; undefined where there is none. Estimates are
 * given only within the bounds, and assume that which rewards are known does not depend on the tier that was chosen.
 */
export function estimateValue(
  rows: readonly OffPolicyRow[],
  { bounds = DEFAULT_BOUNDS, seed = 1 }: { readonly bounds?: Bounds; readonly seed?: number } = {},
): OffPolicyReport | undefined {
  const known = rows.filter(({ reward }) => !Number.isNaN(reward));
  if (known.length === 0) return undefined;
  const found = intervals(blocksOf(known), seed);
  const effectiveRows = effectiveSampleSize(
    known.map(({ target, action, propensity }) => target[action] / propensity),
  );
  const unsupported = unsupportedShare(known, found.mostWeight);
  const refusal = refusalOf(known, unsupported, effectiveRows, bounds);
  const { ips, snips, doublyRobust } = found;
  const agreed = known.reduce((sum, { target, action }) => sum + target[action], 0);
  return {
    rows: known.length,
    logged: found.logged,
    effectiveRows,
    unsupported,
    ...(refusal === undefined ? { estimates: { ips, snips, doublyRobust } } : { refusal }),
    agreement: { share: agreed / known.length, value: found.agreed },
  };
}
