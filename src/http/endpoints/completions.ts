/** The endpoints that clients point at: one handler for every dialect. */
import type { RequestHandler } from 'express';
import type { ChatRequest, DialectId } from '../../core/chat.ts';
import type { Dialect } from '../../core/ports.ts';
import type { RequestContext } from '../../routing/context.ts';
import type { HttpDeps } from '../deps.ts';
import { contextOf } from '../request-context.ts';
import { setRouterHeaders } from '../router-headers.ts';
import { sendStream } from '../send-stream.ts';

/** Headers that say how a body of the format is to be read. No key is among them. */
const FORMAT_HEADERS: Readonly<Record<DialectId, readonly string[]>> = {
  'openai-chat': [],
  'openai-responses': [],
  'anthropic-messages': ['anthropic-beta', 'anthropic-version'],
};

/** Longer values are nobody's, and what is not printable ASCII no header of a format. */
const FORMAT_VALUE = /^[\x20-\x7e]{1,2000}$/;

function formatHeaders(
  dialect: DialectId,
  sent: RequestContext['headers'],
): Pick<ChatRequest, 'formatHeaders'> {
  const known = FORMAT_HEADERS[dialect].flatMap((name) => {
    const value = sent[name] ?? '';
    return FORMAT_VALUE.test(value) ? [[name, value] as const] : [];
  });
  return known.length === 0 ? {} : { formatHeaders: Object.fromEntries(known) };
}

export function createCompletions(deps: HttpDeps, dialect: Dialect): RequestHandler {
  const { clock } = deps;
  return async (req, res) => {
    const context = contextOf(req, res, clock);
    const request: ChatRequest = {
      ...dialect.decodeRequest(req.body),
      ...formatHeaders(dialect.id, context.headers),
    };
    const handled = await deps.handle(request, context);
    setRouterHeaders(res, handled);
    const { result } = handled;
    if (result.kind === 'error') throw result.error;
    if (result.kind === 'stream') {
      const { dialect: from, frames } = result;
      await sendStream(res, { client: dialect, from, request, frames, clock });
      return;
    }
    const { response } = result;
    const encodeContext = { createdAt: Math.floor(clock.now() / 1_000), includeUsage: true, request };
    res.json(dialect.encodeResponse(response, encodeContext));
  };
}
