import { createRandom } from './random.ts';

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A figure with its 95 % interval: percentile bootstrap over rows (Efron 1979). Rounds in which the figure cannot be
 * computed are left out.
 */
export function bootstrap<Row>(
  rows: readonly Row[],
  figure: (rows: readonly Row[]) => number,
  { rounds = 1_000, seed = 1 }: { readonly rounds?: number; readonly seed?: number } = {},
): Interval {
  const random = createRandom(seed);
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const sample = rows.flatMap(() => rows[random.below(rows.length)] ?? []);
    const value = figure(sample);
    if (Number.isFinite(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  const at = (share: number): number => values[Math.floor(share * (values.length - 1))] ?? Number.NaN;
  return { value: figure(rows), low: at(0.025), high: at(0.975) };
}
