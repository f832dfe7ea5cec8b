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
