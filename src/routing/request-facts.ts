/** What is known of a request before anybody is asked about it. */
import type { ChatRequest } from '../core/chat.ts';
import type { Question, Unit } from './choose.ts';
import { keyLabel, type RequestContext, sessionOf } from './context.ts';
import { featureText } from './features.ts';
import { boundsOf } from './policy/bounds.ts';
import { type Limits, mayMove } from './policy/limit-choice.ts';
import type { PolicyRules, SafetyRules } from './policy/policy-rules.ts';
import { isRolledOut, type Rollout, type RolloutUnit } from './policy/rollout.ts';
import { matchRoute, type StaticRoute } from './policy/static-route.ts';
import type { AgentCall } from './sessions/agent-calls.ts';

export interface FactsDeps {
  readonly routes: readonly StaticRoute[];
  readonly policy?: PolicyRules;
  /** Recognises what coding agents ask on their own account; absent: nothing is. */
  readonly agentCall?: (request: ChatRequest, context: RequestContext) => AgentCall | undefined;
  /** Recognises questions about dear decisions; absent: none is. */
  readonly safety?: SafetyRules;
  readonly newId: () => string;
}

export interface RequestFacts {
  readonly request: ChatRequest;
  readonly context: RequestContext;
  readonly route: StaticRoute | undefined;
  readonly agentCall: AgentCall | undefined;
  readonly text: string;
  readonly session: string | undefined;
  readonly unit: Unit;
  readonly limits: Limits;
}

/** Throws `invalid_request` where a bound is malformed. */
export function factsOf(request: ChatRequest, context: RequestContext, deps: FactsDeps): RequestFacts {
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

/** What `choose` is asked about it. */
export function questionOf(facts: RequestFacts, policy: PolicyRules): Question {
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
