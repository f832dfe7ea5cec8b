import { createDraw } from './random.ts';

/** Bounds of a 95 % interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A share of `of` that is `count`, with its 95 % interval; null where there is nothing to divide by. */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly rate: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Two-sided 95 % of the normal distribution. */
const Z = 1.959964;

/** The score interval of Wilson (1927). `count` is at most `of`. */
export function shareOf(count: number, of: number): Share {
  if (of === 0) return { count, of, rate: null, low: null, high: null };
  const rate = count / of;
  const z2 = (Z * Z) / of;
  const middle = (rate + z2 / 2) / (1 + z2);
  const half = (Z * Math.sqrt((rate * (1 - rate)) / of + z2 / (4 * of))) / (1 + z2);
  return { count, of, rate, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** Fewest values an interval is made of. */
const FEWEST = 2;
const ROUNDS = 1_000;

/**
 * The 95 % interval of a sum by the bootstrap: 1,000 times as many of the values are drawn as there are. The same values
 * give the same interval; null below `fewest` of them.
 */
export function sumInterval(values: readonly number[], fewest = FEWEST): Interval | null {
  if (values.length < Math.max(fewest, FEWEST)) return null;
  const draw = createDraw(values.length);
  const sums = Float64Array.from({ length: ROUNDS }, () => {
    let sum = 0;
    for (let round = 0; round < values.length; round++) {
      sum += values[Math.floor(draw() * values.length)] ?? 0;
    }
    return sum;
  }).sort();
  return {
    low: sums[Math.floor(0.025 * (ROUNDS - 1))] ?? 0,
    high: sums[Math.ceil(0.975 * (ROUNDS - 1))] ?? 0,
  };
}
