/**
 * What a logged request's signals say of each tier. Every signal answers "was this tier good enough?" for the tiers it
 * knows something about and nothing for the others, so that no feedback is bent into a class label it does not carry.
 */

import type { Feedback } from '../core/routing.ts';
import type { LabelledDecision } from '../core/store.ts';
import { type PerTier, TIERS, type Tier, tierRank } from '../core/tier.ts';

/** Is the tier sufficient: 1 yes, 0 no, NaN unknown. In the order simple, moderate; complex always is. */
export type Sufficiency = readonly [number, number];

/** Was an answer of the tier good: 1 yes, 0 no, NaN not seen. In the order of the tiers. */
export type Seen = readonly [number, number, number];

export type SignalSource = 'person' | 'outcome' | 'rating' | 'score' | 'validator' | 'judge' | 'retry';

/** How much one signal counts, 0 to 1. */
export const SIGNAL_WEIGHTS: Readonly<Record<SignalSource, number>> = {
  person: 1,
  outcome: 0.8,
  rating: 0.7,
  score: 0.7,
  validator: 0.5,
  judge: 0.3,
  retry: 0.2,
};

interface Signal {
  readonly source: SignalSource;
  /** Label of the API key that sent it, where somebody did. */
  readonly by?: string | undefined;
  readonly says: Sufficiency;
  /** Of each answer that was judged by itself: its tier, and whether it was good. */
  readonly seen?: Partial<PerTier<boolean>>;
}

export interface Judgement {
  readonly sufficient: Sufficiency;
  /** Absent where no answer was judged by itself, or a person named the tier. */
  readonly seen?: Seen;
  /** Of the strongest signal that was used, 0 to 1. */
  readonly weight: number;
  /** Signals that were used, strongest first. */
  readonly sources: readonly SignalSource[];
  /** Label of the API key behind the strongest one: who voted, else who asked. */
  readonly by?: string;
}

/** The tiers below `complex`, the ones whose sufficiency is in question. */
const LOWER = TIERS.slice(0, -1);

function each(says: (tier: Tier) => number): Sufficiency {
  const [simple = Number.NaN, moderate = Number.NaN] = LOWER.map(says);
  return [simple, moderate];
}

/** The cheapest sufficient tier is known, so all are. */
export function fromTier(tier: Tier): Sufficiency {
  return each((lower) => (tierRank(lower) >= tierRank(tier) ? 1 : 0));
}

/** An answer of this tier was good: so would be one of any tier above it. */
export function fromSuccess(tier: Tier): Sufficiency {
  return each((lower) => (tierRank(lower) >= tierRank(tier) ? 1 : Number.NaN));
}

/** An answer of this tier was bad: so would be one of any tier below it. */
export function fromFailure(tier: Tier): Sufficiency {
  return each((lower) => (tierRank(lower) <= tierRank(tier) ? 0 : Number.NaN));
}

/** Tiers measured elsewhere: what was enough is so for all above, what was not for all below; conflicts go up. */
export function fromOutcome(outcome: Partial<PerTier<boolean>>): Sufficiency {
  const failed = Math.max(-1, ...TIERS.filter((tier) => outcome[tier] === false).map(tierRank));
  const passed = TIERS.find((tier) => outcome[tier] === true && tierRank(tier) > failed);
  return each((lower) => {
    if (tierRank(lower) <= failed) return 0;
    return passed !== undefined && tierRank(lower) >= tierRank(passed) ? 1 : Number.NaN;
  });
}

/** A score from here on is a thumb up. */
export const GOOD_SCORE = 0.5;

/** What one answer says that was good or not. */
function verdict(tier: Tier, good: boolean): Pick<Signal, 'says' | 'seen'> {
  return { says: good ? fromSuccess(tier) : fromFailure(tier), seen: { [tier]: good } };
}

function fromFeedback(feedback: Feedback, answeredBy: Tier | undefined): Signal[] {
  const by = feedback.apiKey;
  if (feedback.tier) return [{ source: 'person', by, says: fromTier(feedback.tier) }];
  if (feedback.outcome)
    return [{ source: 'outcome', by, says: fromOutcome(feedback.outcome), seen: feedback.outcome }];
  if (!answeredBy) return [];
  const signal = (source: SignalSource, good: boolean): Signal => ({
    source,
    by,
    ...verdict(answeredBy, good),
  });
  if (feedback.rating) return [signal('rating', feedback.rating === 'up')];
  if (feedback.score === undefined) return [];
  return [signal('score', feedback.score >= GOOD_SCORE)];
}

/** Validators speak only where they were asked: an answer passed exactly when an earlier one was rejected. */
function fromAttempts({ attempts }: LabelledDecision): Signal[] {
  const rejected = attempts.filter((attempt) => attempt.status === 'rejected');
  if (rejected.length === 0) return [];
  const passed = attempts.filter((attempt) => attempt.status === 'ok');
  return [
    ...rejected.map(({ tier }): Signal => ({ source: 'validator', ...verdict(tier, false) })),
    ...passed.map(({ tier }): Signal => ({ source: 'validator', ...verdict(tier, true) })),
  ];
}

/**
 * Joins all signals on one decision: for each tier the strongest signal that knows it decides. Undefined where no
 * signal says anything. That `complex` answered well says nothing of the tiers below, but is `seen`.
 */
export function judgementOf(row: LabelledDecision): Judgement | undefined {
  const signals: Signal[] = [
    ...row.feedback.flatMap((feedback) => fromFeedback(feedback, row.answeredBy)),
    ...fromAttempts(row),
    ...(row.judge ? [{ source: 'judge' as const, says: fromTier(row.judge) }] : []),
    ...(row.retried && row.answeredBy
      ? [{ source: 'retry' as const, ...verdict(row.answeredBy, false) }]
      : []),
  ].sort((a, b) => SIGNAL_WEIGHTS[b.source] - SIGNAL_WEIGHTS[a.source]);
  const deciding = LOWER.map((_, index) => signals.find(({ says }) => !Number.isNaN(says[index])));
  const seeing = TIERS.map((tier) => signals.find(({ seen }) => seen?.[tier] !== undefined));
  const used = signals.filter((signal) => deciding.includes(signal) || seeing.includes(signal));
  const [strongest] = used;
  if (!strongest) return undefined;
  const by = strongest.by ?? row.apiKey;
  const [simple = Number.NaN, moderate = Number.NaN] = deciding.map((signal, index) => signal?.says[index]);
  return {
    sufficient: monotone(simple, moderate),
    weight: SIGNAL_WEIGHTS[strongest.source],
    sources: [...new Set(used.map(({ source }) => source))],
    ...seenBy(seeing, strongest),
    ...(by === undefined ? {} : { by }),
  };
}

/** The answers that were judged by themselves; a person who named the tier goes before them. */
function seenBy(seeing: readonly (Signal | undefined)[], strongest: Signal): Pick<Judgement, 'seen'> {
  if (strongest.source === 'person' || seeing.every((signal) => !signal)) return {};
  const [simple = Number.NaN, moderate = Number.NaN, complex = Number.NaN] = TIERS.map((tier, at) => {
    const good = seeing[at]?.seen?.[tier];
    return good === undefined ? Number.NaN : Number(good);
  });
  return { seen: [simple, moderate, complex] };
}

/** Where signals contradict the order of the tiers (simple enough, moderate not), the doubt goes up: simple is not. */
function monotone(simple: number, moderate: number): Sufficiency {
  return simple === 1 && moderate === 0 ? [0, 0] : [simple, moderate];
}

/** The tier a complete judgement names; undefined where a tier is unknown, and where `complex` itself did not do. */
export function tierOf([simple, moderate]: Sufficiency, seen?: Seen): Tier | undefined {
  if (seen?.[2] === 0) return undefined;
  if (simple === 1) return 'simple';
  if (simple === 0 && moderate === 1) return 'moderate';
  return moderate === 0 ? 'complex' : undefined;
}
