/** Figures of a classifier on labelled rows. All shares are 0 to 1; NaN where there is nothing to count. */
import type { Classification } from '../core/routing.ts';
import { type PerTier, TIERS, type Tier, tierRank } from '../core/tier.ts';

/** A prediction beside the truth. */
export interface Judged {
  readonly truth: Tier;
  readonly tier: Tier;
  readonly confidence: number;
  readonly probabilities: Classification['probabilities'];
}

function share<T>(items: readonly T[], test: (item: T) => boolean): number {
  return items.length === 0 ? Number.NaN : items.filter(test).length / items.length;
}

const isRight = ({ truth, tier }: Judged): boolean => truth === tier;

export function accuracy(rows: readonly Judged[]): number {
  return share(rows, isRight);
}

/** Harmonic mean of precision and recall of one tier; 0 where it is neither predicted nor true. */
export function f1(rows: readonly Judged[], tier: Tier): number {
  const hits = rows.filter((row) => row.truth === tier && row.tier === tier).length;
  const either =
    rows.filter((row) => row.truth === tier).length + rows.filter((row) => row.tier === tier).length;
  return either === 0 ? 0 : (2 * hits) / either;
}

export function macroF1(rows: readonly Judged[]): number {
  return TIERS.reduce((sum, tier) => sum + f1(rows, tier), 0) / TIERS.length;
}

export function recall(rows: readonly Judged[], tier: Tier): number {
  return share(
    rows.filter(({ truth }) => truth === tier),
    isRight,
  );
}

/** Sent to a tier below (`under`) or above (`over`) the right one. */
export function misrouted(rows: readonly Judged[]): { readonly under: number; readonly over: number } {
  return {
    under: share(rows, ({ truth, tier }) => tierRank(tier) < tierRank(truth)),
    over: share(rows, ({ truth, tier }) => tierRank(tier) > tierRank(truth)),
  };
}

/** Answered by a tier that is good enough: the right one or one above it. */
export function sufficientShare(rows: readonly Judged[]): number {
  return share(rows, ({ truth, tier }) => tierRank(tier) >= tierRank(truth));
}

/** Mean price of the chosen tiers as a share of the complex tier's. */
export function relativeCost(rows: readonly Judged[], prices: PerTier<number>): number {
  return rows.reduce((sum, { tier }) => sum + prices[tier], 0) / (rows.length * prices.complex);
}

/** Complex requests answered by the simple tier, of all complex ones. */
export function complexToSimple(rows: readonly Judged[]): number {
  return share(
    rows.filter(({ truth }) => truth === 'complex'),
    ({ tier }) => tier === 'simple',
  );
}

/** Expected calibration error over ten equal bins of confidence (Naeini, Cooper, Hauskrecht 2015). */
export function calibrationError(rows: readonly Judged[]): number {
  const bins = Array.from({ length: 10 }, () => ({ count: 0, gap: 0 }));
  for (const row of rows) {
    const bin = bins[Math.min(9, Math.floor(row.confidence * 10))];
    if (!bin) continue;
    bin.count++;
    bin.gap += row.confidence - (isRight(row) ? 1 : 0);
  }
  return bins.reduce((sum, { gap }) => sum + Math.abs(gap), 0) / rows.length;
}

/** Brier score over the three tiers, 0 (best) to 2. */
export function brier(rows: readonly Judged[]): number {
  const loss = rows.map(({ truth, probabilities }) =>
    TIERS.reduce((sum, tier) => sum + (probabilities[tier] - (tier === truth ? 1 : 0)) ** 2, 0),
  );
  return loss.reduce((sum, value) => sum + value, 0) / rows.length;
}

/** Accuracy on the given share of rows with the highest confidence. */
export function accuracyAtCoverage(rows: readonly Judged[], coverage: number): number {
  const order = [...rows].sort((a, b) => b.confidence - a.confidence);
  return accuracy(order.slice(0, Math.max(1, Math.floor(coverage * rows.length))));
}

/**
 * Share of simple requests that stay at the simple tier when P(simple) has to pass a bound which at most `risk` of
 * the complex requests pass.
 */
export function simpleKept(rows: readonly Judged[], risk: number): number {
  const of = (tier: Tier): number[] =>
    rows.filter(({ truth }) => truth === tier).map(({ probabilities }) => probabilities.simple);
  const complex = of('complex').sort((a, b) => b - a);
  const bound = complex[Math.floor(risk * complex.length)] ?? 0;
  return share(of('simple'), (probability) => probability > bound);
}

/** Everything above in one record. */
export function summarise(rows: readonly Judged[]): Record<string, number> {
  const { under, over } = misrouted(rows);
  return {
    rows: rows.length,
    accuracy: accuracy(rows),
    macroF1: macroF1(rows),
    f1Simple: f1(rows, 'simple'),
    f1Moderate: f1(rows, 'moderate'),
    f1Complex: f1(rows, 'complex'),
    recallComplex: recall(rows, 'complex'),
    underRouted: under,
    overRouted: over,
    complexToSimple: complexToSimple(rows),
    simpleKept: simpleKept(rows, 0.05),
    ece: calibrationError(rows),
    brier: brier(rows),
    accuracyAt50: accuracyAtCoverage(rows, 0.5),
    accuracyAt70: accuracyAtCoverage(rows, 0.7),
    accuracyAt85: accuracyAtCoverage(rows, 0.85),
  };
}
