/** An upstream over HTTP: a dialect, a base URL and a key. */
import { type Dispatcher, request as send } from 'undici';
import type { ChatRequest, StreamFrame } from '../core/chat.ts';
import { asRouterError, RouterError } from '../core/errors.ts';
import type { Clock, Dialect, Provider, ProviderCall } from '../core/ports.ts';
import { readSseFrames } from '../core/sse.ts';
import { type CallSignals, parseRetryAfter, transportError } from './upstream-error.ts';
import { WIRE } from './wire.ts';

export interface UpstreamOptions {
  readonly id: string;
  readonly dialect: Dialect;
  readonly baseUrl: string;
  /** Read at each call, so that a key can be rotated. */
  readonly apiKey: () => string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
}

const MAX_ERROR_BYTES = 64 * 1024;

async function readError(body: Dispatcher.ResponseData['body']): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > MAX_ERROR_BYTES) break;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Makes a Provider of an HTTP endpoint. */
export function createUpstream(options: UpstreamOptions): Provider {
  const { id, dialect } = options;
  const wire = WIRE[dialect.id];
  const url = options.baseUrl.replace(/\/+$/, '') + wire.path;

  function headersOf({ stream, dialect: from, formatHeaders }: ChatRequest): Record<string, string> {
    const key = options.apiKey();
    return {
      'content-type': 'application/json',
      accept: stream ? 'text/event-stream' : 'application/json',
      ...wire.headers,
      ...(from === dialect.id ? formatHeaders : {}),
      ...(key === undefined ? {} : wire.auth(key)),
      ...options.headers,
    };
  }

  /** Sends the request; rejects unless the upstream accepted it. */
  async function post(call: ProviderCall, signals: CallSignals) {
    const encoded = dialect.encodeRequest(call.request, call.upstreamModel);
    const answer = await send(url, {
      method: 'POST',
      headers: headersOf(call.request),
      body: JSON.stringify(encoded.body),
      signal: AbortSignal.any([signals.caller, signals.deadline]),
      dispatcher: options.dispatcher,
      headersTimeout: options.firstByteTimeoutMs,
      bodyTimeout: options.idleTimeoutMs,
    });
    if (answer.statusCode >= 200 && answer.statusCode < 300) return { answer, dropped: encoded.dropped };
    const header = answer.headers['retry-after'];
    const retryAfter = parseRetryAfter(Array.isArray(header) ? header[0] : header, options.clock.now());
    throw dialect.decodeError(answer.statusCode, await readError(answer.body), retryAfter);
  }

  async function* frames(
    body: AsyncIterable<Uint8Array>,
    request: ChatRequest,
    signals: CallSignals,
  ): AsyncGenerator<StreamFrame> {
    const decoder = dialect.streamDecoder();
    let ended = false;
    try {
      for await (const { raw, event, data } of readSseFrames(body)) {
        signals.caller.throwIfAborted();
        const sent = { data, ...(event === undefined ? {} : { event }) };
        const events = data === '' ? [] : decoder.push(sent);
        ended ||= events.some((each) => each.type === 'finish' || each.type === 'error');
        const unreadable = events.some(
          (each) => each.type === 'error' && each.error.code === 'upstream_malformed',
        );
        yield { raw: unreadable || dialect.hides?.(request, sent) ? '' : raw, events };
      }
      const last = decoder.end();
      if (last.length > 0) yield { raw: '', events: last };
    } catch (error) {
      if (!ended) yield { raw: '', events: [{ type: 'error', error: transportError(error, id, signals) }] };
    }
  }

  return {
    id,
    async complete(call) {
      const signals = { caller: call.signal, deadline: AbortSignal.timeout(options.timeoutMs) };
      try {
        const { answer, dropped } = await post(call, signals);
        const text = await answer.body.text();
        return { response: dialect.decodeResponse(parseBody(text, id)), dropped };
      } catch (error) {
        throw transportError(error, id, signals);
      }
    },
    async stream(call) {
      const signals = { caller: call.signal, deadline: new AbortController().signal };
      try {
        const { answer, dropped } = await post(call, signals);
        const type = String(answer.headers['content-type'] ?? '');
        if (!type.includes('text/event-stream')) {
          await answer.body.dump();
          throw new RouterError('upstream_malformed', `Provider ${id} did not answer with an event stream.`);
        }
        return { dialect: dialect.id, dropped, frames: frames(answer.body, call.request, signals) };
      } catch (error) {
        throw asRouterError(transportError(error, id, signals));
      }
    },
  };
}

function parseBody(text: string, id: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RouterError('upstream_malformed', `Provider ${id} did not answer with JSON.`, { cause: error });
  }
}
