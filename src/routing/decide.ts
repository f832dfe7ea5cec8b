/** One arrow of the drawing: a request in, a decision with its plan and its reasons out. Calls no answering model. */
import type { ChatRequest } from '../core/chat.ts';
import { RouterError } from '../core/errors.ts';
import type { Clock, CountTokens } from '../core/ports.ts';
import type { Candidate, Decision, Plan } from '../core/routing.ts';
import type { Tier } from '../core/tier.ts';
import { type Choice, type ChooseDeps, choose, type Question, type Unit } from './choose.ts';
import { keyLabel, type RequestContext, sessionOf } from './context.ts';
import { withCountedInput } from './count-input.ts';
import { FEATURE_VERSION, featureText } from './features.ts';
import type { JudgedRequest } from './money/ledger-entries.ts';
import { type Bounds, boundsOf } from './policy/bounds.ts';
import { type Limited, type Limits, limitChoice, mayMove } from './policy/limit-choice.ts';
import { planModels } from './policy/plan-models.ts';
import type { Ordered } from './policy/policy.ts';
import type { PolicyRules, SafetyRules } from './policy/policy-rules.ts';
import { isRolledOut, type Rollout, type RolloutUnit } from './policy/rollout.ts';
import { usd } from './policy/sieves.ts';
import { matchRoute, type StaticRoute } from './policy/static-route.ts';
import { requirementsOf } from './requirements.ts';
import type { AgentCall } from './sessions/agent-calls.ts';

export interface DecideDeps extends ChooseDeps {
  readonly routes: readonly StaticRoute[];
  /** Recognises what coding agents ask on their own account; absent: nothing is. */
  readonly agentCall?: (request: ChatRequest, context: RequestContext) => AgentCall | undefined;
  /** Recognises questions about dear decisions; absent: none is. */
  readonly safety?: SafetyRules;
  /** Output tokens expected of a request of the tier; absent: `expectedOutputTokens`. */
  readonly expectedOutput?: (tier: Tier) => number;
  /** Assumed where nobody says more. */
  readonly expectedOutputTokens: number;
  /** Counts prompts that come near a context window; absent: the estimate stands. */
  readonly countTokens?: CountTokens;
  /** Validators of requests whose route names none. */
  readonly defaultValidators?: readonly string[];
  readonly clock: Clock;
  readonly newId: () => string;
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

/** The roll-out that leaves the request out; undefined where it is inside, or where nothing is rolled out. */
function leavingOut(
  route: StaticRoute | undefined,
  policy: PolicyRules,
  unit: RolloutUnit,
  apiKeySha256 = '',
): Rollout | undefined {
  const rollout = route?.rollout ?? policy.rollout_by_key?.[apiKeySha256] ?? policy.rollout;
  return rollout && !isRolledOut(rollout, unit) ? rollout : undefined;
}

/** What is known of a request before anybody is asked about it. */
interface Facts {
  readonly request: ChatRequest;
  readonly context: RequestContext;
  readonly route: StaticRoute | undefined;
  readonly agentCall: AgentCall | undefined;
  readonly text: string;
  readonly session: string | undefined;
  readonly unit: Unit;
  readonly limits: Limits;
}

function factsOf(request: ChatRequest, context: RequestContext, deps: DecideDeps): Facts {
  const route = matchRoute(deps.routes, request, context);
  const bounds = boundsOf({ request, headers: context.headers, route, policy: deps.policy ?? {} });
  const session = sessionOf(request, context);
  const agentCall = deps.agentCall?.(request, context);
  const guarded = deps.safety && !agentCall && route?.safety_floor !== false;
  return {
    request,
    context,
    route,
    agentCall,
    text: featureText(request),
    session,
    unit: { decision: deps.newId(), ...(session === undefined ? {} : { session }) },
    limits: {
      bounds,
      safety: guarded ? deps.safety?.floor(request) : undefined,
      overrides: deps.safety?.overrides ?? 'allow',
      caller: context.caller,
      budgetTier: context.budget?.maxTier,
    },
  };
}

function questionOf(facts: Facts, policy: PolicyRules): Question {
  const { request, context, route, agentCall, text, unit, limits } = facts;
  const { quality } = limits.bounds;
  const drawn = { ...unit, user: request.user, apiKey: keyLabel(context) };
  return {
    request,
    text,
    route,
    agentCall,
    notRolledOut: leavingOut(route, policy, drawn, context.apiKeySha256),
    quality: quality && { wanted: quality, bySufficiency: policy.quality_from !== 'models' },
    limited: mayMove(limits),
    unit,
    signal: context.signal,
  };
}

interface Planned extends Ordered {
  readonly inputTokens: number;
}

/** The models for a choice within its limits. */
async function plan(facts: Facts, choice: Choice, limited: Limited, deps: DecideDeps): Promise<Planned> {
  const { request, route, limits } = facts;
  const { policy = {}, models } = deps;
  const expectedOutputTokens =
    route?.expected_output_tokens ?? deps.expectedOutput?.(limited.tier) ?? deps.expectedOutputTokens;
  const asked = { ...requirementsOf(request, route?.max_output_tokens), expectedOutputTokens };
  const needs = await withCountedInput(asked, request, deps);
  const { source, baseline } = choice;
  const { bounds, caller } = limits;
  const ordered = planModels({
    limited,
    source,
    baseline,
    bounds,
    caller,
    rules: policy,
    needs,
    models,
    expectedOutputTokens,
  });
  return { ...ordered, inputTokens: needs.inputTokens };
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

interface WithinLimits {
  readonly limited: Limited;
  readonly planned: Planned;
}

async function planWithin(
  facts: Facts,
  limits: Limits,
  choice: Choice,
  deps: DecideDeps,
): Promise<WithinLimits> {
  const limited = limitChoice(choice, limits);
  return { limited, planned: await plan(facts, choice, limited, deps) };
}

const UNSERVED: ReadonlySet<unknown> = new Set(['unsupported', 'context_too_long', 'forbidden']);

/** The plan within the limits; a soft budget refuses nobody: where no model keeps its cap, the cap yields. */
async function withinLimits(facts: Facts, choice: Choice, deps: DecideDeps): Promise<WithinLimits> {
  const { budgetTier, ...limits } = facts.limits;
  try {
    return await planWithin(facts, facts.limits, choice, deps);
  } catch (error) {
    if (!budgetTier || !(error instanceof RouterError) || !UNSERVED.has(error.code)) throw error;
    const { limited, planned } = await planWithin(facts, limits, choice, deps);
    const yields = `the cap at ${budgetTier} (a budget past its soft limit) yields: no model within it can serve the request`;
    return { limited: { ...limited, reasons: [...limited.reasons, yields] }, planned };
  }
}

function judgedRequest(facts: Facts, { tier, source, judge }: Choice, at: number): JudgedRequest {
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
    const { limited, planned } = await withinLimits(facts, choice, deps).catch((error: unknown) => {
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
