/** How long answers of a tier are: a start value that recent answers correct. */
import type { Store } from '../core/store.ts';
import { type PerTier, perTier, type Tier } from '../core/tier.ts';

export interface OutputLengths {
  /** Tokens expected of an answer of the tier. */
  expect(tier: Tier): number;
  /** Output tokens of one finished answer. */
  observe(tier: Tier, tokens: number): void;
}

/** Answers that weigh as much as the start value, and of which the mean is of about so many of the last. */
const PRIOR_ANSWERS = 20;
const MEMORY = 500;
/** One answer counts as no longer than so many times the start value, so that a few giants do not tilt the mean. */
const LONGEST = 20;

/**
 * An exponentially forgetting mean for each tier that begins at `start`. Held in memory: it begins again with the
 * process, and each replica learns its own.
 */
export function createOutputLengths(start: PerTier<number>): OutputLengths {
  const state = perTier((tier) => ({ sum: start[tier] * PRIOR_ANSWERS, count: PRIOR_ANSWERS }));
  return {
    expect: (tier) => Math.max(1, Math.round(state[tier].sum / state[tier].count)),
    observe(tier, tokens) {
      const one = state[tier];
      const keep = 1 - 1 / MEMORY;
      one.sum = one.sum * keep + Math.min(tokens, LONGEST * start[tier]);
      one.count = one.count * keep + 1;
    },
  };
}

/** The store, from whose recorded outcomes the lengths are learnt. */
export function withOutputLengths(store: Store, lengths: Pick<OutputLengths, 'observe'>): Store {
  return {
    ...store,
    async recordOutcome(outcome, entries) {
      await store.recordOutcome(outcome, entries);
      const { status, tier, model, attempts } = outcome;
      const answer = attempts.findLast((attempt) => attempt.model === model && attempt.status === 'ok');
      if (status === 'ok' && tier && answer?.usage) lengths.observe(tier, answer.usage.outputTokens);
    },
  };
}
