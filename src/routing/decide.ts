/** One arrow of the drawing: a request in, a decision with its plan and its reasons out. Calls no answering model. */
import type { ChatRequest } from '../core/chat.ts';
import type { Clock } from '../core/ports.ts';
import type { Decision } from '../core/routing.ts';
import type { AgentCall } from './agent-calls.ts';
import { type ChooseDeps, choose, type Unit } from './choose.ts';
import { keyLabel, type RequestContext, sessionOf } from './context.ts';
import { FEATURE_VERSION, featureText } from './features.ts';
import { orderCandidates, pinnedCandidate } from './policy.ts';
import { requirementsOf } from './requirements.ts';
import { matchRoute, type StaticRoute } from './static-route.ts';

export interface DecideDeps extends ChooseDeps {
  readonly routes: readonly StaticRoute[];
  /** Recognises what coding agents ask on their own account; absent: nothing is. */
  readonly agentCall?: (request: ChatRequest, context: RequestContext) => AgentCall | undefined;
  /** Assumed where nobody gives a ceiling. */
  readonly expectedOutputTokens: number;
  readonly clock: Clock;
  readonly newId: () => string;
}

export type Decide = (request: ChatRequest, context: RequestContext) => Promise<Decision>;

/** Composes the decision. Rejects with `unknown_model`, `unsupported` or `context_too_long` only. */
export function createDecide(deps: DecideDeps): Decide {
  return async (request, context) => {
    const started = deps.clock.monotonic();
    const route = matchRoute(deps.routes, request, context);
    const text = featureText(request);
    const session = sessionOf(request, context);
    const agentCall = deps.agentCall?.(request, context);
    const unit: Unit = { decision: deps.newId(), ...(session === undefined ? {} : { session }) };
    const choice = await choose({ request, text, route, agentCall, unit, signal: context.signal }, deps);
    const needs = requirementsOf(request, route?.max_output_tokens);
    const ordered = choice.pinned
      ? pinnedCandidate(choice.pinned, needs, deps.expectedOutputTokens)
      : orderCandidates({
          tier: choice.tier,
          needs,
          models: deps.models,
          expectedOutputTokens: deps.expectedOutputTokens,
        });
    const { pinned: _, exploration, reasons, ...chosen } = choice;
    const first = ordered.candidates[0];
    const ceiling = request.maxOutputTokens === undefined ? route?.max_output_tokens : undefined;
    const apiKey = keyLabel(context);
    return {
      id: unit.decision,
      at: deps.clock.now(),
      dialect: request.dialect,
      requestedModel: request.model,
      stream: request.stream,
      ...chosen,
      featureVersion: FEATURE_VERSION,
      text,
      plan: {
        ...ordered,
        validators: agentCall ? [] : (route?.validators ?? []),
        ...(ceiling === undefined ? {} : { maxOutputTokens: ceiling }),
      },
      reasons: first ? [...reasons, `first choice ${first.model}: ${first.reason}`] : reasons,
      ...(route ? { route: route.name } : {}),
      ...(agentCall ? { agentCall: agentCall.kind } : {}),
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
