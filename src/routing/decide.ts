/** One arrow of the drawing: a request in, a decision with its plan and its reasons out. Calls no answering model. */
import type { ChatRequest } from '../core/chat.ts';
import type { Clock, CountTokens } from '../core/ports.ts';
import type { Decision, Plan } from '../core/routing.ts';
import type { Tier } from '../core/tier.ts';
import type { AgentCall } from './agent-calls.ts';
import { boundsOf } from './bounds.ts';
import { type ChooseDeps, choose, type Unit } from './choose.ts';
import { keyLabel, type RequestContext, sessionOf } from './context.ts';
import { withCountedInput } from './count-input.ts';
import { FEATURE_VERSION, featureText } from './features.ts';
import { limitChoice, mayMove } from './limit-choice.ts';
import { planModels } from './plan-models.ts';
import type { PolicyRules, SafetyRules } from './policy-rules.ts';
import { requirementsOf } from './requirements.ts';
import { isRolledOut, type Rollout, type RolloutUnit } from './rollout.ts';
import { matchRoute, type StaticRoute } from './static-route.ts';

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

/**
 * Composes the decision. Rejects with `invalid_request` where a bound is malformed or the caller contradicts itself,
 * `unknown_model`, `forbidden`, `unsupported` or `context_too_long` only.
 */
export function createDecide(deps: DecideDeps): Decide {
  const { models, policy = {} } = deps;
  const expected = (tier: Tier): number => deps.expectedOutput?.(tier) ?? deps.expectedOutputTokens;
  return async (request, context) => {
    const started = deps.clock.monotonic();
    const { caller, signal, headers, apiKeySha256 } = context;
    const route = matchRoute(deps.routes, request, context);
    const bounds = boundsOf({ request, headers, route, policy });
    const text = featureText(request);
    const session = sessionOf(request, context);
    const apiKey = keyLabel(context);
    const agentCall = deps.agentCall?.(request, context);
    const safety = agentCall || route?.safety_floor === false ? undefined : deps.safety?.floor(request);
    const unit: Unit = { decision: deps.newId(), ...(session === undefined ? {} : { session }) };
    const drawn = { ...unit, user: request.user, apiKey };
    const choice = await choose(
      {
        request,
        text,
        route,
        agentCall,
        unit,
        signal,
        notRolledOut: leavingOut(route, policy, drawn, apiKeySha256),
        ...(bounds.quality
          ? { quality: { wanted: bounds.quality, bySufficiency: policy.quality_from !== 'models' } }
          : {}),
        limited: mayMove({ bounds, safety }),
      },
      deps,
    );
    const overrides = deps.safety?.overrides ?? 'allow';
    const limited = limitChoice(choice, {
      bounds,
      safety,
      overrides,
      caller,
      budgetTier: context.budget?.maxTier,
    });
    const expectedOutputTokens = route?.expected_output_tokens ?? expected(limited.tier);
    const asked = { ...requirementsOf(request, route?.max_output_tokens), expectedOutputTokens };
    const needs = await withCountedInput(asked, request, deps);
    const ordered = planModels({
      limited,
      source: choice.source,
      baseline: choice.baseline,
      bounds,
      rules: policy,
      needs,
      models,
      caller,
      expectedOutputTokens,
    });
    const { pinned: _, baseline: __, exploration, ...chosen } = choice;
    const reasons = [...choice.reasons, ...limited.reasons];
    const first = ordered.candidates[0];
    const ceiling = request.maxOutputTokens === undefined ? route?.max_output_tokens : undefined;
    return {
      id: unit.decision,
      at: deps.clock.now(),
      dialect: request.dialect,
      requestedModel: request.model,
      stream: request.stream,
      ...chosen,
      tier: limited.tier,
      featureVersion: FEATURE_VERSION,
      text,
      plan: {
        ...ordered,
        ...checks(route, agentCall, deps.defaultValidators),
        ...(ceiling === undefined ? {} : { maxOutputTokens: ceiling }),
        ...(route?.commit === undefined ? {} : { commit: route.commit }),
      },
      reasons: first ? [...reasons, `first choice ${first.model}: ${first.reason}`] : reasons,
      ...(route ? { route: route.name } : {}),
      ...(agentCall ? { agentCall: agentCall.kind } : {}),
      ...(limited.record ? { bounds: limited.record } : {}),
      ...(bounds.batch_eligible?.value ? { batchEligible: true } : {}),
      propensity: exploration?.propensity ?? 1,
      explored: exploration?.explored ?? false,
      inputTokens: needs.inputTokens,
      ...(session === undefined ? {} : { session }),
      ...(request.user === undefined ? {} : { user: request.user }),
      ...(apiKey === undefined ? {} : { apiKey }),
      decisionMs: deps.clock.monotonic() - started,
    };
  };
}
