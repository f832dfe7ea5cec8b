/**
 * Keeps a conversation at its model where that is cheaper than to begin anew at another.
 *
 * A model W that has the conversation in its cache is put before the plan's first choice A where, over this request and
 * `further` ones that are expected to follow, W costs less: total(W) < total(A), both as in session-cost.ts. Said the
 * other way round: where what a switch loses, total(A) with A's cache as it is less total(A) were it as warm as W's,
 * exceeds what it saves, total(W) less total(A) were it as warm as W's.
 *
 * Only models of the plan at or above the chosen tier are weighed. So a harder request goes up at once, whatever its
 * conversation ran on; one that could go down pays for the cache it loses, and goes down where that pays. No tier is
 * remembered: after the cache's time to live a conversation is as good as new.
 */
import type { ChatRequest } from '../../core/chat.ts';
import { isJsonObject } from '../../core/json.ts';
import type { Candidate, Decision, ModelSpec } from '../../core/routing.ts';
import { type Tier, tierRank } from '../../core/tier.ts';
import { type Costs, costsAt, type Turns } from './session-cost.ts';
import type { Recollection } from './session-memory.ts';
import { type SignatureMakers, signatureOf } from './session-signatures.ts';

export interface ArrangeDeps {
  readonly models: readonly ModelSpec[];
  /** Requests that are expected to follow at the model that is chosen now. */
  readonly furtherTurns: number;
  /** Output tokens expected of a request of the tier. */
  readonly expectedOutput: (tier: Tier) => number;
  readonly makers: Pick<SignatureMakers, 'makerOf'>;
}

interface Weighed {
  readonly candidate: Candidate;
  readonly spec: ModelSpec;
  readonly warm: number;
  readonly costs: Costs;
}

function usd(value: number): string {
  return `$${Number(value.toFixed(value < 0.01 ? 6 : 4))}`;
}

/** Whoever names a tier gets it: such a decision keeps to models of its first choice's tier. */
function mayCrossTiers({ source, agentCall }: Decision): boolean {
  return agentCall !== undefined || source === 'local' || source === 'nano' || source === 'fallback';
}

/** The candidates that may stand first: at or above the tier that was chosen. */
function eligible(decision: Decision): readonly Candidate[] {
  const { candidates } = decision.plan;
  const [first] = candidates;
  if (!first) return [];
  if (!mayCrossTiers(decision)) return candidates.filter(({ tier }) => tier === first.tier);
  const least = Math.min(tierRank(decision.tier), tierRank(first.tier));
  return candidates.filter(({ tier }) => tierRank(tier) >= least);
}

/** The model whose signed thinking belongs to the tool calls in progress; undefined outside of such a loop. */
function loopMaker(request: ChatRequest, makers: ArrangeDeps['makers']): string | undefined {
  const at = request.messages.findLastIndex(({ role }) => role === 'assistant');
  const call = request.messages[at];
  if (!call?.content.some(({ type }) => type === 'tool_call') || at === request.messages.length - 1)
    return undefined;
  const signature = call.content.map(signatureOf).find((found) => found !== undefined);
  return signature === undefined ? undefined : makers.makerOf(signature);
}

function marksCache(request: ChatRequest): boolean {
  if (request.dialect !== 'anthropic-messages') return false;
  return isJsonObject(request.raw.cache_control) || JSON.stringify(request.raw).includes('"cache_control":{');
}

/** False where the plan puts the best first, whatever it costs: there a cache that is cheaper is no argument. */
function isByCost({ plan }: Decision): boolean {
  const [first] = plan.candidates;
  const cost = first?.estimatedCostUsd ?? Number.POSITIVE_INFINITY;
  return !plan.candidates.some(
    ({ tier, estimatedCostUsd }) => tier === first?.tier && (estimatedCostUsd ?? cost) < cost,
  );
}

/** The plan with `candidate` before all others, and the reason for it in the trace. */
function withFirst(decision: Decision, candidate: Candidate, reason: string): Decision {
  const { plan } = decision;
  const others = plan.candidates.filter(({ model }) => model !== candidate.model);
  const reasons = decision.reasons.filter((says) => !says.startsWith('first choice '));
  const first = { ...candidate, reason };
  return {
    ...decision,
    plan: { ...plan, candidates: [first, ...others] },
    reasons: [...reasons, reason, `first choice ${candidate.model}`],
  };
}

/** The decision with its plan in the order that the caches of its conversation make cheapest. Pure. */
export function arrange(
  decision: Decision,
  request: ChatRequest,
  known: Recollection,
  deps: ArrangeDeps,
): Decision {
  const specs = new Map(deps.models.map((model) => [model.id, model]));
  const allowed = eligible(decision);
  const maker = loopMaker(request, deps.makers);
  const thinker = allowed.find(
    ({ model }) => maker !== undefined && specs.get(model)?.upstreamModel === maker,
  );
  if (thinker && thinker !== decision.plan.candidates[0]) {
    return withFirst(
      decision,
      thinker,
      `keeps ${thinker.model}: it signed the thinking behind the tool calls in progress`,
    );
  }
  if (known.warm.size === 0) return decision;

  const expected = deps.expectedOutput(decision.tier);
  const ceiling = request.maxOutputTokens ?? decision.plan.maxOutputTokens ?? expected;
  const turns: Turns = {
    inputTokens: decision.inputTokens,
    outputTokens: Math.min(ceiling, expected),
    further: deps.furtherTurns,
    marks: known.marks || marksCache(request),
  };
  const weigh = (candidate: Candidate): Weighed[] => {
    const spec = specs.get(candidate.model);
    const warm = known.warm.get(candidate.model) ?? 0;
    const costs = spec && costsAt(spec, warm, turns);
    return spec && costs
      ? [{ candidate: { ...candidate, estimatedCostUsd: costs.now }, spec, warm, costs }]
      : [];
  };
  const candidates = decision.plan.candidates.map((candidate) => weigh(candidate)[0]?.candidate ?? candidate);
  const estimated: Decision = { ...decision, plan: { ...decision.plan, candidates } };
  const first = decision.plan.candidates.slice(0, 1).flatMap(weigh)[0];
  if (!first || thinker || !isByCost(decision)) return estimated;
  const rivals = allowed
    .filter(({ model }) => model !== first.candidate.model && known.warm.has(model))
    .flatMap(weigh);
  const best = rivals.sort((a, b) => a.costs.total - b.costs.total)[0];
  if (!best) return estimated;
  const asWarm = costsAt(first.spec, Math.max(first.warm, best.warm), turns)?.total ?? 0;
  const worth = usd(first.costs.total - asWarm);
  const saves = usd(best.costs.total - asWarm);
  const cache = `its cache of ${best.warm} tokens is worth ${worth}, a switch to ${first.candidate.model} saves ${saves}`;
  if (best.costs.total < first.costs.total)
    return withFirst(estimated, best.candidate, `keeps ${best.candidate.model}: ${cache}`);
  const leaves = `leaves ${best.candidate.model}: ${cache}`;
  return { ...estimated, reasons: [...decision.reasons, leaves] };
}
