/** A little chance in the choice of the tier, with its probability on record, so that logs can answer "what if". */
import { TIERS, type Tier, tierRank } from '../core/tier.ts';

export interface Exploration {
  /** Probability with which the tier is moved, 0 to 1. */
  readonly rate: number;
  /** The tier may be moved down as well as up. */
  readonly allowDown: boolean;
}

/** A tier that may be chosen, and with which probability. */
export interface Arm {
  readonly tier: Tier;
  readonly probability: number;
}

/**
 * The tiers a choice of `tier` may end in, itself first; the probabilities sum to 1. Where both neighbours are allowed
 * they share the rate evenly; where there is none the tier stays.
 */
export function armsOf(tier: Tier, { rate, allowDown }: Exploration): readonly Arm[] {
  const up = TIERS[tierRank(tier) + 1];
  const down = allowDown ? TIERS[tierRank(tier) - 1] : undefined;
  const others = [up, down].filter((other) => other !== undefined);
  if (others.length === 0) return [{ tier, probability: 1 }];
  const moved = others.map((other) => ({ tier: other, probability: rate / others.length }));
  return [{ tier, probability: 1 - rate }, ...moved];
}

export interface Explored {
  readonly tier: Tier;
  /** Probability with which this tier was chosen. */
  readonly propensity: number;
  /** It is not the tier that would have been chosen without exploration. */
  readonly explored: boolean;
}

/** Draws one of the tiers. `draw` is uniform in [0, 1). */
export function explore(tier: Tier, exploration: Exploration, draw: number): Explored {
  const [stay, ...moved] = armsOf(tier, exploration);
  let from = 0;
  for (const arm of moved) {
    if (draw < from + arm.probability) return { tier: arm.tier, propensity: arm.probability, explored: true };
    from += arm.probability;
  }
  return { tier, propensity: stay?.probability ?? 1, explored: false };
}
