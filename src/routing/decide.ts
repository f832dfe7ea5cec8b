/** One arrow of the drawing: a request in, a decision with its plan and its reasons out. Calls no answering model. */
import type { ChatRequest } from '../core/chat.ts';
import type { Clock } from '../core/ports.ts';
import type { Candidate, Decision, Plan } from '../core/routing.ts';
import { type Choice, type ChooseDeps, choose } from './choose.ts';
import { keyLabel, type RequestContext } from './context.ts';
import { FEATURE_VERSION } from './features.ts';
import type { JudgedRequest } from './money/ledger-entries.ts';
import { type PlanDeps, planWithinLimits } from './plan-within-limits.ts';
import type { Bounds } from './policy/bounds.ts';
import type { Limited } from './policy/limit-choice.ts';
import type { PolicyRules } from './policy/policy-rules.ts';
import { usd } from './policy/sieves.ts';
import type { StaticRoute } from './policy/static-route.ts';
import { type FactsDeps, factsOf, questionOf, type RequestFacts } from './request-facts.ts';
import type { AgentCall } from './sessions/agent-calls.ts';

export interface DecideDeps extends ChooseDeps, FactsDeps, PlanDeps {
  /** Validators of requests whose route names none. */
  readonly defaultValidators?: readonly string[];
  readonly clock: Clock;
  /** Told of a request that the judge was asked about and that then could not be decided. Never throws. */
  readonly judgedInVain?: (request: JudgedRequest, context: RequestContext) => void;
}

export type Decide = (request: ChatRequest, context: RequestContext) => Promise<Decision>;

/** Who judges the answer: nobody, where a coding agent asks for itself and reads the answer in its own way. */
function checks(
  route: StaticRoute | undefined,
  agentCall: AgentCall | undefined,
  byDefault: readonly string[] = [],
): Pick<Plan, 'validators' | 'validatorsByDefault'> {
  if (agentCall) return { validators: [] };
  if (route?.validators) return { validators: route.validators };
  return byDefault.length === 0 ? { validators: [] } : { validators: byDefault, validatorsByDefault: true };
}

function reasonsOf(choice: Choice, limited: Limited, first: Candidate | undefined): readonly string[] {
  const reasons = [...choice.reasons, ...limited.reasons];
  return first ? [...reasons, `first choice ${first.model}: ${first.reason}`] : reasons;
}

/** What a batch endpoint would have saved on a request that can wait. */
function batchOf(
  { batch_eligible: eligible }: Bounds,
  { batch_discount: discount }: PolicyRules,
  first: Candidate | undefined,
): { readonly batchEligible?: true; readonly reasons: readonly string[] } {
  if (!eligible?.value) return { reasons: [] };
  const cost = first?.estimatedCostUsd;
  const saved = discount && cost ? `: a batch would save about ${usd(discount * cost)}` : '';
  return { batchEligible: true, reasons: [`can wait (${eligible.from})${saved}`] };
}

function judgedRequest(facts: RequestFacts, { tier, source, judge }: Choice, at: number): JudgedRequest {
  const { request, context, route, unit } = facts;
  const apiKey = keyLabel(context);
  return {
    id: unit.decision,
    at,
    requestedModel: request.model,
    tier,
    source,
    ...(judge ? { judge } : {}),
    ...(route ? { route: route.name } : {}),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

/**
 * Composes the decision. Rejects with `invalid_request` where a bound is malformed or the caller contradicts itself,
 * `unknown_model`, `forbidden`, `unsupported` or `context_too_long` only.
 */
export function createDecide(deps: DecideDeps): Decide {
  const { policy = {}, clock } = deps;
  return async (request, context) => {
    const started = clock.monotonic();
    const facts = factsOf(request, context, deps);
    const { route, agentCall, session, limits } = facts;
    const choice = await choose(questionOf(facts, policy), deps);
    const { limited, planned } = await planWithinLimits(facts, choice, deps).catch((error: unknown) => {
      if (choice.judge) deps.judgedInVain?.(judgedRequest(facts, choice, clock.now()), context);
      throw error;
    });
    const { inputTokens, ...ordered } = planned;
    const { pinned: _, baseline: __, exploration, ...chosen } = choice;
    const first = ordered.candidates[0];
    const ceiling = request.maxOutputTokens === undefined ? route?.max_output_tokens : undefined;
    const apiKey = keyLabel(context);
    const batch = batchOf(limits.bounds, policy, first);
    return {
      id: facts.unit.decision,
      at: clock.now(),
      dialect: request.dialect,
      requestedModel: request.model,
      stream: request.stream,
      ...chosen,
      tier: limited.tier,
      featureVersion: FEATURE_VERSION,
      text: facts.text,
      plan: {
        ...ordered,
        ...checks(route, agentCall, deps.defaultValidators),
        ...(ceiling === undefined ? {} : { maxOutputTokens: ceiling }),
        ...(route?.commit === undefined ? {} : { commit: route.commit }),
      },
      reasons: [...reasonsOf(choice, limited, first), ...batch.reasons],
      ...(route ? { route: route.name } : {}),
      ...(agentCall ? { agentCall: agentCall.kind } : {}),
      ...(limited.record ? { bounds: limited.record } : {}),
      ...(batch.batchEligible ? { batchEligible: true } : {}),
      propensity: exploration?.propensity ?? 1,
      explored: exploration?.explored ?? false,
      inputTokens,
      ...(session === undefined ? {} : { session }),
      ...(request.user === undefined ? {} : { user: request.user }),
      ...(apiKey === undefined ? {} : { apiKey }),
      decisionMs: clock.monotonic() - started,
    };
  };
}
