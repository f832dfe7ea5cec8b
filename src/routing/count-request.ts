/** How many tokens a request has: by the upstream that would answer it where that is settled, else by our tokenizer. */
import type { ChatRequest } from '../core/chat.ts';
import { asRouterError } from '../core/errors.ts';
import type { CountTokens, Logger, UpstreamCounter } from '../core/ports.ts';
import type { ModelSpec } from '../core/routing.ts';
import type { RequestContext } from './context.ts';
import { countInput } from './count-input.ts';
import { withoutRouterMetadata } from './policy/bounds-input.ts';
import { type MissingModel, parseWanted } from './policy/override.ts';
import type { PolicyRules } from './policy/policy-rules.ts';
import { mayUse, notAllowed } from './policy/sieves.ts';
import { matchRoute, type StaticRoute } from './policy/static-route.ts';

export interface CountedRequest {
  readonly inputTokens: number;
  readonly by: 'upstream' | 'local';
  /** The model that was asked. */
  readonly model?: string;
}

/** Rejects with `unknown_model`, `forbidden` and `client_closed` only: an upstream that fails is not needed. */
export type CountRequest = (request: ChatRequest, context: RequestContext) => Promise<CountedRequest>;

export interface CountRequestDeps {
  readonly models: readonly ModelSpec[];
  readonly unavailable?: readonly MissingModel[];
  readonly policy: PolicyRules;
  readonly routes: readonly StaticRoute[];
  readonly countTokens: CountTokens;
  /** By id of the provider; absent where its format cannot be asked. */
  readonly upstream: (provider: string) => UpstreamCounter | undefined;
  readonly logger: Logger;
}

export function createCountRequest(deps: CountRequestDeps): CountRequest {
  const { models, policy, routes, logger } = deps;

  /** The model that the request is pinned to; undefined where the router would choose one. */
  function pinnedModel(request: ChatRequest, context: RequestContext): ModelSpec | undefined {
    const aliases = policy.model_aliases ?? {};
    const wanted = parseWanted(request.model, { models, unavailable: deps.unavailable ?? [], aliases });
    if (wanted.kind === 'tier') return undefined;
    if (wanted.kind === 'model') return policy.route_named_models && !wanted.alias ? undefined : wanted.model;
    const route = matchRoute(routes, request, context);
    return models.find(({ id }) => id === route?.model);
  }

  return async (request, context) => {
    const model = pinnedModel(request, context);
    const { caller, signal } = context;
    if (model && caller && !mayUse(caller, model)) throw notAllowed(caller, `the model ${model.id}`);
    const counter = model && deps.upstream(model.provider);
    if (model && counter?.dialect === request.dialect) {
      try {
        const call = { request: withoutRouterMetadata(request), upstreamModel: model.upstreamModel, signal };
        return { inputTokens: await counter.count(call), by: 'upstream', model: model.id };
      } catch (thrown) {
        const { code } = asRouterError(thrown);
        if (code === 'client_closed') throw thrown;
        logger.warn({ model: model.id, code }, 'the upstream did not count a request, the tokenizer did');
      }
    }
    return { inputTokens: await countInput(request, deps.countTokens), by: 'local' };
  };
}
