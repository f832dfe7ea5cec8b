/** From a tier and a request's needs to an ordered plan of models, each with its reason. */
import { RouterError } from '../../core/errors.ts';
import type { Candidate, Exclusion, ModelSpec } from '../../core/routing.ts';
import { TIERS, type Tier, tierRank, tiersAbove } from '../../core/tier.ts';
import { costOf, plainUsage } from '../money/cost.ts';
import { missingRoom, type Requirements, unmetNeed } from '../requirements.ts';

/** Leaves models out of a plan. Sieves are asked in order, each about the models that those before it let pass. */
export interface Sieve {
  /** Why the model is left out; undefined where it may stay. */
  readonly refuses: (model: ModelSpec) => string | undefined;
  /** What follows where it lets nobody pass: an error, or the models that pass nevertheless. */
  readonly nobody: (
    refused: readonly ModelSpec[],
    excluded: readonly Exclusion[],
  ) => RouterError | readonly ModelSpec[];
}

/** How the models of one tier are ordered. */
export type Preference = 'cost' | 'quality';

export interface PolicyInput {
  readonly tier: Tier;
  readonly needs: Requirements;
  readonly models: readonly ModelSpec[];
  /** Output tokens assumed where nobody gives a ceiling. */
  readonly expectedOutputTokens: number;
  /** Besides the needs of the request. */
  readonly sieves?: readonly Sieve[];
  /** Default: `cost`. */
  readonly prefer?: Preference;
  /** Declared quality from which a model is good enough: the plan is then ordered across tiers. */
  readonly quality?: number | undefined;
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

function candidatesOf(models: readonly ModelSpec[], input: PolicyInput, reason: string): Candidate[] {
  const quality = new Map(models.map((model) => [model.id, model.quality ?? -1]));
  const better = (a: Candidate, b: Candidate): number =>
    input.prefer === 'quality' ? (quality.get(b.model) ?? -1) - (quality.get(a.model) ?? -1) : 0;
  return models
    .map((model) => ({
      model: model.id,
      provider: model.provider,
      tier: model.tier,
      estimatedCostUsd: estimateCost(model, input.needs, input.expectedOutputTokens),
      reason,
    }))
    .sort((a, b) => better(a, b) || byCost(a, b));
}

/** The sieve of what the request needs, asked before all others. */
function needsSieve(needs: Requirements): Sieve {
  return { refuses: (model) => unmetNeed(model, needs), nobody: (_, excluded) => nobody(excluded) };
}

/** The sieve of the room for the answer. Its length is a guess: where nobody has that room, nobody is left out for it. */
function roomSieve(needs: Requirements): Sieve {
  return { refuses: (model) => missingRoom(model, needs), nobody: (models) => models };
}

function sifted(input: PolicyInput): {
  readonly models: readonly ModelSpec[];
  readonly excluded: readonly Exclusion[];
} {
  let models = input.models;
  const excluded: Exclusion[] = [];
  for (const { refuses, nobody: whenNobody } of [
    needsSieve(input.needs),
    roomSieve(input.needs),
    ...(input.sieves ?? []),
  ]) {
    const refused = models.flatMap((model) => {
      const reason = refuses(model);
      return reason === undefined ? [] : [{ model: model.id, tier: model.tier, reason }];
    });
    const out = new Set(refused.map(({ model }) => model));
    const left = models.filter(({ id }) => !out.has(id));
    const rescued = left.length > 0 ? left : whenNobody(models, [...excluded, ...refused]);
    if (rescued instanceof RouterError) throw rescued;
    const kept = new Set(rescued.map(({ id }) => id));
    excluded.push(...refused.filter(({ model }) => !kept.has(model)));
    models = rescued;
  }
  const order = input.models.map(({ id }) => id);
  return { models, excluded: excluded.sort((a, b) => order.indexOf(a.model) - order.indexOf(b.model)) };
}

/**
 * The plan for a tier: its models, cheapest first (unknown prices last), then the tiers above as the way up when
 * those fail. Only where no model at or above the tier can serve the request do the tiers below, nearest first.
 * With `quality` the tier does not matter: all that pass, cheapest or best first. Throws `context_too_long` or
 * `unsupported` where no model can, and what the sieves throw.
 */
export function orderCandidates(input: PolicyInput): Ordered {
  const { models, excluded } = sifted(input);
  if (input.quality !== undefined) {
    return { candidates: candidatesOf(models, input, `declared quality reaches ${input.quality}`), excluded };
  }
  const of = (tier: Tier, reason: string): Candidate[] =>
    candidatesOf(
      models.filter((model) => model.tier === tier),
      input,
      reason,
    );
  const own = of(input.tier, `serves ${input.tier}`);
  const way = own.length > 0 ? `next tier up from ${input.tier}` : `no model of ${input.tier} can serve it`;
  const above = tiersAbove(input.tier).flatMap((tier) => of(tier, way));
  if (own.length + above.length > 0) return { candidates: [...own, ...above], excluded };
  const below = TIERS.slice(0, tierRank(input.tier))
    .reverse()
    .flatMap((tier) => of(tier, `no model at or above ${input.tier} can serve it`));
  if (below.length === 0) throw nobody(excluded);
  return { candidates: below, excluded };
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
