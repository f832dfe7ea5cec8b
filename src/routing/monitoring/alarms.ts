/** What tells an operator that the router has collapsed or that its traffic is no longer what it was. Pure. */
import { shareOf } from '../../core/interval.ts';
import type { DriftStats } from '../../core/store.ts';
import { TIERS } from '../../core/tier.ts';
import type { TrafficShape, TrainedShape } from '../../core/traffic.ts';

export const ALARMS = [
  'nearly_constant',
  'doubt_rising',
  'lengths_drifting',
  'facts_drifting',
  'tokens_drifting',
  'judge_disagreeing',
] as const;

export interface Alarm {
  readonly name: (typeof ALARMS)[number];
  /** In plain words. */
  readonly says: string;
  readonly value: number;
  /** The value from which it is raised. */
  readonly bound: number;
}

/** Fewer requests than this say nothing of a distribution. */
const LEAST_REQUESTS = 200;
/** Fewer answers of the judge than this say nothing of it. */
const LEAST_ANSWERS = 50;
/** One tier in more than this share of the sure decisions: the router has stopped to choose. */
const CONSTANT_FROM = 0.95;
/** A smaller rise of the share of doubt is not worth waking anybody, however certain it is. */
const LEAST_RISE = 0.05;
/** Standard normal quantile of 99.9 %: of a thousand quiet windows one raises a false alarm. */
const Z = 3.09;
/** The convention of scorecards: from 0.25 on a population has shifted (Siddiqi 2006). */
const SHIFTED_FROM = 0.25;
/** How much more often than its confidence tells the classifier may be contradicted by the judge. */
const DISAGREEMENT_MARGIN = 0.15;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** The z of a rise from one share to another, under one common share (Fleiss 1981, section 2.3); 0 where undefined. */
export function riseOf(before: { count: number; of: number }, now: { count: number; of: number }): number {
  const pooled = (before.count + now.count) / (before.of + now.of);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / before.of + 1 / now.of));
  const z = (now.count / now.of - before.count / before.of) / error;
  return Number.isFinite(z) ? z : 0;
}

/**
 * Population stability index: the sum of (p - q) ln(p / q) over the buckets, p and q the shares now and before (Siddiqi
 * 2006; the divergence of Jeffreys 1946). Half a request is added to each bucket, so that an empty one is no infinity.
 */
export function stabilityIndex(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): number {
  const buckets = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const share = (counts: Readonly<Record<string, number>>, bucket: string): number =>
    ((counts[bucket] ?? 0) + 0.5) / (total(counts) + 0.5 * buckets.length);
  return buckets.reduce((sum, bucket) => {
    const [p, q] = [share(now, bucket), share(before, bucket)];
    return sum + (p - q) * Math.log(p / q);
  }, 0);
}

/**
 * The index that chance alone stays below in 99.9 % of cases: it is (1/n + 1/m) times a chi-square of one degree of
 * freedom less than there are buckets (Yurdakul 2018), whose quantile is that of Wilson and Hilferty (1931).
 */
export function stabilityNoise(buckets: number, n: number, m: number): number {
  const freedom = Math.max(1, buckets - 1);
  const step = 2 / (9 * freedom);
  return freedom * (1 - step + Z * Math.sqrt(step)) ** 3 * (1 / n + 1 / m);
}

function constant({ local }: DriftStats): Alarm[] {
  const requests = total(local);
  if (requests < LEAST_REQUESTS) return [];
  return TIERS.flatMap((tier) => {
    const value = local[tier] / requests;
    if (value <= CONSTANT_FROM) return [];
    const says = `${percent(value)} of ${requests} sure decisions are ${tier}`;
    return [{ name: 'nearly_constant' as const, says, value, bound: CONSTANT_FROM }];
  });
}

function doubt(now: DriftStats, before: DriftStats): Alarm[] {
  if (Math.min(now.classified, before.classified) < LEAST_REQUESTS) return [];
  const [was, is] = [before.doubtful / before.classified, now.doubtful / now.classified];
  const z = riseOf(
    { count: before.doubtful, of: before.classified },
    { count: now.doubtful, of: now.classified },
  );
  if (z < Z || is - was < LEAST_RISE) return [];
  const says = `${percent(is)} of the requests are in doubt, ${percent(was)} in the window before`;
  return [{ name: 'doubt_rising', says, value: is - was, bound: LEAST_RISE }];
}

function shift(
  name: 'lengths_drifting' | 'facts_drifting' | 'tokens_drifting',
  what: string,
  { before, now, than }: { before: TrafficShape['facts']; now: TrafficShape['facts']; than: string },
): Alarm[] {
  const [m, n] = [total(before), total(now)];
  if (Math.min(m, n) < LEAST_REQUESTS) return [];
  const buckets = new Set([...Object.keys(before), ...Object.keys(now)]).size;
  const bound = Math.max(SHIFTED_FROM, stabilityNoise(buckets, n, m));
  const value = stabilityIndex(before, now);
  if (value < bound) return [];
  const says = `${what} differ from ${than} (population stability index ${value.toFixed(2)})`;
  return [{ name, says, value, bound }];
}

/** In doubt the classifier is wrong as often as it says; more than that, and one of the two has lost its way. */
function disagreement({ judge: { answered, disagreed, meanConfidence } }: DriftStats): Alarm[] {
  if (answered < LEAST_ANSWERS || meanConfidence === null) return [];
  const bound = Math.min(1, 1 - meanConfidence + DISAGREEMENT_MARGIN);
  const { rate, low } = shareOf(disagreed, answered);
  if (rate === null || low === null || low <= bound) return [];
  const says = `the judge contradicts the classifier in ${percent(rate)} of ${answered} answers; its confidence lets ${percent(1 - meanConfidence)} expect`;
  return [{ name: 'judge_disagreeing', says, value: rate, bound }];
}

/** What a bundle was trained on. */
export interface TrainedOn extends TrainedShape {
  /** Bundle id. */
  readonly classifier: string;
}

/**
 * The alarms of a window, against the window of the same length before it. Lengths, facts and tokens are compared with the
 * training rows of the bundle that serves, where these are known; the alarm says with which.
 */
export function alarmsOf(now: DriftStats, before: DriftStats, trainedOn?: TrainedOn): readonly Alarm[] {
  const was = trainedOn ?? before;
  const window = 'those of the window before';
  const than = trainedOn ? `the rows that ${trainedOn.classifier} was trained on` : window;
  return [
    ...constant(now),
    ...doubt(now, before),
    ...shift('lengths_drifting', 'the lengths of the prompts', {
      before: was.lengths,
      now: now.lengths,
      than,
    }),
    ...shift('facts_drifting', 'turns, tools, images and other facts of the requests', {
      before: was.facts,
      now: now.facts,
      than,
    }),
    ...shift('tokens_drifting', 'the words of the requests', {
      before: was.tokens ?? before.tokens,
      now: now.tokens,
      than: was.tokens ? than : window,
    }),
    ...disagreement(now),
  ];
}
