/** From a tier and a request's needs to an ordered plan of models, each with its reason. */
import { RouterError } from '../core/errors.ts';
import type { Candidate, Exclusion, ModelSpec } from '../core/routing.ts';
import { TIERS, type Tier, tierRank, tiersAbove } from '../core/tier.ts';
import { costOf, plainUsage } from './cost.ts';
import { type Requirements, unmetNeed } from './requirements.ts';

export interface PolicyInput {
  readonly tier: Tier;
  readonly needs: Requirements;
  readonly models: readonly ModelSpec[];
  /** Output tokens assumed where nobody gives a ceiling. */
  readonly expectedOutputTokens: number;
}

export interface Ordered {
  readonly candidates: readonly Candidate[];
  readonly excluded: readonly Exclusion[];
}

/** USD the request would cost at a model, from its estimated length; null where the price is unknown. */
export function estimateCost(
  model: ModelSpec,
  needs: Requirements,
  expectedOutputTokens: number,
): number | null {
  const ceiling = needs.maxOutputTokens ?? expectedOutputTokens;
  return costOf(model.price, plainUsage(needs.inputTokens, Math.min(ceiling, expectedOutputTokens)));
}

function byCost(a: Candidate, b: Candidate): number {
  if (a.estimatedCostUsd === null || b.estimatedCostUsd === null) {
    return Number(a.estimatedCostUsd === null) - Number(b.estimatedCostUsd === null);
  }
  return a.estimatedCostUsd - b.estimatedCostUsd;
}

function candidatesOf(tier: Tier, input: PolicyInput, reason: string): Candidate[] {
  return input.models
    .filter((model) => model.tier === tier && unmetNeed(model, input.needs) === undefined)
    .map((model) => ({
      model: model.id,
      provider: model.provider,
      tier,
      estimatedCostUsd: estimateCost(model, input.needs, input.expectedOutputTokens),
      reason,
    }))
    .sort(byCost);
}

/**
 * The plan for a tier: its models, cheapest first (unknown prices last), then the tiers above as the way up when
 * those fail. Only where no model at or above the tier can serve the request do the tiers below, nearest first.
 * Throws `context_too_long` or `unsupported` where no model can.
 */
export function orderCandidates(input: PolicyInput): Ordered {
  const excluded = input.models.flatMap((model) => {
    const reason = unmetNeed(model, input.needs);
    return reason === undefined ? [] : [{ model: model.id, tier: model.tier, reason }];
  });
  const own = candidatesOf(input.tier, input, `serves ${input.tier}`);
  const above = tiersAbove(input.tier).flatMap((tier) =>
    candidatesOf(
      tier,
      input,
      own.length > 0 ? `next tier up from ${input.tier}` : `no model of ${input.tier} can serve it`,
    ),
  );
  if (own.length + above.length > 0) return { candidates: [...own, ...above], excluded };
  const below = TIERS.slice(0, tierRank(input.tier))
    .reverse()
    .flatMap((tier) => candidatesOf(tier, input, `no model at or above ${input.tier} can serve it`));
  if (below.length > 0) return { candidates: below, excluded };
  throw nobody(excluded);
}

/** The plan for a pinned model: that model and no other. What it can do is left to its provider to say. */
export function pinnedCandidate(
  model: ModelSpec,
  needs: Requirements,
  expectedOutputTokens: number,
): Ordered {
  const estimatedCostUsd = estimateCost(model, needs, expectedOutputTokens);
  const candidate = { model: model.id, provider: model.provider, tier: model.tier, estimatedCostUsd };
  return { candidates: [{ ...candidate, reason: 'pinned' }], excluded: [] };
}

function nobody(excluded: readonly Exclusion[]): RouterError {
  const reasons = excluded.map(({ model, reason }) => `${model} ${reason}`).join('; ');
  const tooLong = excluded.length > 0 && excluded.every(({ reason }) => reason.includes('context window'));
  const code = tooLong ? 'context_too_long' : 'unsupported';
  return new RouterError(
    code,
    `No configured model can serve this request: ${reasons || 'none is configured'}.`,
  );
}
