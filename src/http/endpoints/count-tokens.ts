/** How many tokens a request has, asked as the clients of each format ask. */
import type { RequestHandler } from 'express';
import { isJsonObject } from '../../core/json.ts';
import type { Dialect } from '../../core/ports.ts';
import type { HttpDeps } from '../deps.ts';
import { formatHeadersOf } from '../format-headers.ts';
import { contextOf } from '../request-context.ts';

/** Stands in for a ceiling, which a request to count has none of. */
const ANY_CEILING = 1;

/**
 * `POST /v1/messages/count_tokens`, `POST /v1/responses/input_tokens`. The body is checked as that of the endpoint it
 * counts for, but needs no ceiling of output tokens. `path` is that endpoint's, whose static routes apply.
 */
export function createCountTokens(
  deps: HttpDeps,
  dialect: Dialect,
  { path, answer }: { readonly path: string; readonly answer: (tokens: number) => object },
): RequestHandler {
  return async (req, res) => {
    const body: unknown = req.body;
    const filled =
      dialect.id === 'anthropic-messages' && isJsonObject(body) ? { max_tokens: ANY_CEILING, ...body } : body;
    const context = { ...contextOf(req, res, deps.clock), path };
    const request = { ...dialect.decodeRequest(filled), ...formatHeadersOf(dialect.id, context.headers) };
    const counted = await deps.countRequest(
      { ...request, raw: isJsonObject(body) ? body : request.raw },
      context,
    );
    res.setHeader('x-router-counted-by', counted.by);
    if (counted.model !== undefined) res.setHeader('x-router-model', encodeURI(counted.model));
    res.json(answer(counted.inputTokens));
  };
}
