/** The endpoints that clients point at: one handler for every dialect. */
import type { RequestHandler } from 'express';
import type { ChatRequest } from '../../core/chat.ts';
import type { Dialect } from '../../core/ports.ts';
import type { HttpDeps } from '../deps.ts';
import { formatHeadersOf } from '../format-headers.ts';
import { contextOf } from '../request-context.ts';
import { setRouterHeaders } from '../router-headers.ts';
import { sendStream } from '../send-stream.ts';

export function createCompletions(deps: HttpDeps, dialect: Dialect): RequestHandler {
  const { clock } = deps;
  return async (req, res) => {
    const context = contextOf(req, res, clock);
    const request: ChatRequest = {
      ...dialect.decodeRequest(req.body),
      ...formatHeadersOf(dialect.id, context.headers),
    };
    const handled = await deps.handle(request, context);
    setRouterHeaders(res, handled, request.raw);
    const { result } = handled;
    if (result.kind === 'error') throw result.error;
    if (result.kind === 'stream') {
      const { dialect: from, frames } = result;
      await sendStream(res, { client: dialect, from, request, frames, clock });
      return;
    }
    const { response } = result;
    if (response.dialect === dialect.id && response.text !== undefined) {
      res.type('json').send(response.text);
      return;
    }
    const encodeContext = { createdAt: Math.floor(clock.now() / 1_000), includeUsage: true, request };
    res.json(dialect.encodeResponse(response, encodeContext));
  };
}
