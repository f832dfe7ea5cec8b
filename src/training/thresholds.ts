/** The operating points a bundle carries: where doubt begins, and from where the simple tier may be risked. */
import type { Judged } from './metrics.ts';

/** Confidence below which the given share of rows lies. */
export function doubtForShare(rows: readonly Judged[], share: number): number {
  const sorted = rows.map(({ confidence }) => confidence).sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
  return share <= 0 ? 0 : (sorted[at] ?? 0);
}

/** ln of the binomial probability of `hits` in `count` at rate `p`. */
function logBinomial(hits: number, count: number, p: number): number {
  let log = hits * Math.log(p) + (count - hits) * Math.log(1 - p);
  for (let k = 1; k <= hits; k++) log += Math.log((count - hits + k) / k);
  return log;
}

/**
 * Upper end of the one-sided interval for a rate of which `hits` in `count` were seen, at the given confidence
 * (Clopper and Pearson 1934), by bisection of the binomial tail.
 */
export function clopperPearsonUpper(hits: number, count: number, confidence: number): number {
  if (count === 0 || hits >= count) return 1;
  const tail = (p: number): number => {
    let sum = 0;
    for (let k = 0; k <= hits; k++) sum += Math.exp(logBinomial(k, count, p));
    return sum;
  };
  let low = hits / count;
  let high = 1;
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (tail(middle) > 1 - confidence) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * The lowest P(simple) from which requests may stay at the simple tier while the share of complex requests that
 * would be answered there is below `risk` with the given confidence. Undefined where no bound can promise that.
 * Risk grows as the bound falls, so the first bound that fails ends the search (fixed-sequence testing: Angelopoulos
 * et al. 2021, "Learn then Test").
 */
export function simpleFrom(rows: readonly Judged[], risk: number, confidence = 0.95): number | undefined {
  const complex = rows
    .filter(({ truth }) => truth === 'complex')
    .map(({ probabilities }) => probabilities.simple)
    .sort((a, b) => b - a);
  let best: number | undefined;
  for (let hits = 0; hits < complex.length; hits++) {
    if (clopperPearsonUpper(hits, complex.length, confidence) > risk) break;
    best = complex[hits] ?? 0;
  }
  return best === undefined ? undefined : Math.min(1, best + 1e-9);
}
