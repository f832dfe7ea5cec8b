/** An upstream over HTTP: a dialect, an address and its keys. */
import { type Dispatcher, request as send } from 'undici';
import type { ChatRequest, StreamFrame } from '../core/chat.ts';
import { RouterError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Clock, Dialect, Provider, ProviderCall } from '../core/ports.ts';
import { readSseFrames } from '../core/sse.ts';
import { conversationOf } from './conversation.ts';
import { createDeadline } from './deadline.ts';
import type { KeyPool } from './key-pool.ts';
import { limited, readAll, readError } from './read-body.ts';
import { type CallSignals, retryAfterOf, transportError } from './upstream-error.ts';
import type { Address } from './wire.ts';

export interface UpstreamOptions {
  readonly id: string;
  readonly dialect: Dialect;
  readonly address: Address;
  readonly keys: KeyPool;
  readonly headers: Readonly<Record<string, string>>;
  /** The body names the model. */
  readonly modelInBody: boolean;
  /** Fields set in each body. */
  readonly extraBody: JsonObject;
  /** Of a whole answer. */
  readonly timeoutMs: number;
  /** Of a whole stream. */
  readonly streamTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Connects, with a timeout of its own; follows no redirect. */
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
}

/** An answer, and an event of a stream, that is larger than this is not one. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** How long a stream that has ended may go on saying things. */
const TRAILING_MS = 1_000;

type Answer = Dispatcher.ResponseData;

const STREAM_TYPE = /text\/event-stream/i;

function isEventStream({ headers }: Answer): boolean {
  return STREAM_TYPE.test(String(headers['content-type'] ?? ''));
}

/** Makes a Provider of an HTTP endpoint. */
export function createUpstream(options: UpstreamOptions): Provider {
  const { id, dialect, address, keys } = options;
  const tooLarge = (): RouterError =>
    new RouterError('upstream_malformed', `Provider ${id} sent more than an answer can be.`);

  function bodyOf(call: ProviderCall): { readonly text: string; readonly dropped: readonly string[] } {
    const { body, dropped } = dialect.encodeRequest(call.request, call.upstreamModel);
    const { model, ...rest } = { ...body, ...options.extraBody };
    return { text: JSON.stringify(options.modelInBody ? { model, ...rest } : rest), dropped };
  }

  function headersOf({ stream, dialect: from, formatHeaders }: ChatRequest, key: string | undefined) {
    return {
      'content-type': 'application/json',
      accept: stream ? 'text/event-stream' : 'application/json',
      ...address.headers,
      ...(from === dialect.id ? formatHeaders : {}),
      ...address.keyHeaders(key),
      ...options.headers,
    };
  }

  /** Sends the request; rejects unless the upstream accepted it. */
  async function post(call: ProviderCall, signals: CallSignals, key: string | undefined) {
    const { text, dropped } = bodyOf(call);
    const answer = await send(address.url(call.upstreamModel, call.request.stream), {
      method: 'POST',
      headers: headersOf(call.request, key),
      body: text,
      signal: AbortSignal.any([signals.caller, signals.deadline]),
      dispatcher: options.dispatcher,
      headersTimeout: options.firstByteTimeoutMs,
      bodyTimeout: options.idleTimeoutMs,
    });
    if (answer.statusCode >= 200 && answer.statusCode < 300) return { answer, dropped };
    const retryAfter = retryAfterOf(answer.headers, options.clock.now());
    throw dialect.decodeError(answer.statusCode, await readError(answer.body), retryAfter);
  }

  /** What an answer to a request for a stream says that is none: some send an error with status 200. */
  async function notAStream({ body, headers }: Answer): Promise<RouterError> {
    const malformed = new RouterError(
      'upstream_malformed',
      `Provider ${id} did not answer with an event stream.`,
    );
    if (!/json/i.test(String(headers['content-type'] ?? ''))) {
      body.on('error', () => {}).destroy();
      return malformed;
    }
    try {
      dialect.decodeResponse(await readError(body));
      return malformed;
    } catch (error) {
      return error instanceof RouterError && error.code !== 'upstream_malformed' ? error : malformed;
    }
  }

  /** The text of an event as the caller gets it. */
  function shown(raw: string, request: ChatRequest, sent: { readonly data: string }): string {
    if (dialect.hides?.(request, sent)) return '';
    const concealed = dialect.conceal?.(request, sent.data);
    if (concealed === undefined) return raw;
    return raw.includes(sent.data) ? raw.replace(sent.data, () => concealed) : `data: ${concealed}\n\n`;
  }

  async function* frames(
    body: AsyncIterable<Uint8Array>,
    request: ChatRequest,
    signals: CallSignals,
    ending: () => void,
  ): AsyncGenerator<StreamFrame> {
    const decoder = dialect.streamDecoder();
    const bytes = limited(body, MAX_ANSWER_BYTES, tooLarge);
    let ended = false;
    try {
      for await (const { raw, event, data } of readSseFrames(bytes)) {
        signals.caller.throwIfAborted();
        bytes.reset();
        const sent = { data, ...(event === undefined ? {} : { event }) };
        const events = data === '' ? [] : decoder.push(sent);
        if (!ended && events.some((each) => each.type === 'finish' || each.type === 'error')) {
          ended = true;
          ending();
        }
        const unreadable = events.some(
          (each) => each.type === 'error' && each.error.code === 'upstream_malformed',
        );
        yield { raw: unreadable ? '' : shown(raw, request, sent), events };
        if (unreadable) return;
      }
      const last = decoder.end();
      if (last.length > 0) yield { raw: '', events: last };
    } catch (error) {
      if (!ended) yield { raw: '', events: [{ type: 'error', error: transportError(error, id, signals) }] };
    }
  }

  async function complete(call: ProviderCall, signals: CallSignals, key: string | undefined) {
    const { answer, dropped } = await post(call, signals, key);
    const text = await readAll(answer.body, MAX_ANSWER_BYTES, tooLarge);
    const response = dialect.decodeResponse(parseBody(text, id));
    const concealed = dialect.conceal?.(call.request, text);
    if (concealed === undefined) return { response: { ...response, text }, dropped };
    const raw = JSON.parse(concealed) as JsonObject;
    return { response: { ...response, raw, text: concealed }, dropped };
  }

  return {
    id,
    async complete(call) {
      const taken = keys.take(call.upstreamModel, () => conversationOf(call.request));
      const deadline = createDeadline(options.timeoutMs);
      const signals = { caller: call.signal, deadline: deadline.signal };
      try {
        return await complete(call, signals, taken.key);
      } catch (error) {
        throw taken.failed(transportError(error, id, signals));
      } finally {
        deadline.clear();
      }
    },
    async stream(call) {
      const taken = keys.take(call.upstreamModel, () => conversationOf(call.request));
      const deadline = createDeadline(options.streamTimeoutMs);
      const signals = { caller: call.signal, deadline: deadline.signal };
      try {
        const { answer, dropped } = await post(call, signals, taken.key);
        if (!isEventStream(answer)) throw await notAStream(answer);
        const read = frames(answer.body, call.request, signals, () => deadline.set(TRAILING_MS));
        return { dialect: dialect.id, dropped, frames: finishing(read, deadline.clear) };
      } catch (error) {
        deadline.clear();
        throw taken.failed(transportError(error, id, signals));
      }
    },
  };
}

async function* finishing<T>(items: AsyncIterable<T>, over: () => void): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    over();
  }
}

function parseBody(text: string, id: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RouterError('upstream_malformed', `Provider ${id} did not answer with JSON.`, { cause: error });
  }
}
