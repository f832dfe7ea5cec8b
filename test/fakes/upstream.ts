/**
 * A model provider on a real socket, scripted by the test: it speaks every dialect (by the path of the request),
 * records what it receives and answers with the next reply of its script.
 *
 *     const upstream = await startUpstream();
 *     upstream.next(rateLimited(1), answers('Paris'));     the next two requests, in order
 *     upstream.otherwise(() => answers('fallback'));       every request after the script
 *     upstream.otherwise((request) => (request.body.model === 'a' ? fails(500) : answers('b')));
 *     … point a provider at upstream.baseUrl …
 *     expect(upstream.received[0]?.body).toMatchObject({ model: 'gpt-5-nano' });
 *     await upstream.close();
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DialectId } from '../../src/core/chat.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { type AnswerOptions, answerBody, answerFrames, errorBody } from './wire-answers.ts';

export interface ReceivedRequest {
  readonly method: string;
  /** Below the base URL: `/chat/completions`. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The parsed body; `{}` where it is not JSON. */
  readonly body: JsonObject;
  readonly dialect: DialectId;
  /** Resolves when the exchange is over: true where the connection closed before the answer was complete. */
  readonly hungUp: Promise<boolean>;
}

/** Answers one request. */
export type Reply = (request: ReceivedRequest, response: ServerResponse) => Promise<void> | void;
/** Chooses a reply by looking at the request. */
export type ReplyTo = (request: ReceivedRequest) => Reply;

export interface FakeUpstream {
  /** `http://127.0.0.1:<port>/v1`. */
  readonly baseUrl: string;
  readonly received: readonly ReceivedRequest[];
  /** Appends replies to the script, one for each coming request. */
  next(...replies: readonly Reply[]): void;
  /** What every request gets once the script is used up; `answers('ok')` unless set. */
  otherwise(choose: ReplyTo): void;
  /** Resolves with the nth request (1 for the first) once it has come in. */
  request(nth: number): Promise<ReceivedRequest>;
  /** Forgets the script and what was received. */
  reset(): void;
  close(): Promise<void>;
}

function send(response: ServerResponse, status: number, body: string, headers: Record<string, string>): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}

/** Any JSON body. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return (_, response) => send(response, status, JSON.stringify(body), headers);
}

/** Any text, such as the HTML page of a gateway. */
export function text(body: string, status = 200, contentType = 'text/html'): Reply {
  return (_, response) => send(response, status, body, { 'content-type': contentType });
}

/** A proper answer in the dialect of the request, streamed where the request asks for it. */
export function answers(content: string, options: AnswerOptions = {}): Reply {
  return (request, response) => {
    const { dialect, body } = request;
    const model = options.model ?? String(body.model);
    if (body.stream !== true) {
      return json(answerBody(dialect, content, { ...options, model }))(request, response);
    }
    const asked = (body.stream_options as JsonObject | undefined)?.include_usage === true;
    const frames = answerFrames(dialect, content, { usageChunk: asked, ...options, model });
    return streams(frames)(request, response);
  };
}

/** How a stream ends: properly, by cutting the connection, or by saying nothing more. */
export type StreamEnd = 'end' | 'cut' | 'stall';

/** Raw pieces of an event stream, one write each; a promise among them is waited for. */
export function streams(
  pieces: readonly (string | Promise<unknown>)[],
  { end = 'end' as StreamEnd, status = 200 } = {},
): Reply {
  return async (_, response) => {
    response.writeHead(status, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    for (const piece of pieces) {
      if (typeof piece !== 'string') await piece;
      else await new Promise((written) => response.write(piece, written));
    }
    if (end === 'end') response.end();
    if (end === 'cut') response.destroy();
  };
}

/** Events that a Responses stream opens with beyond the two of the others. */
const LONGER_OPENING = 2;

/** The first `events` events of a proper stream (one a word, after an opening of one or two), then its end. */
export function breaksOff(content: string, events: number, end: StreamEnd = 'cut'): Reply {
  return (request, response) => {
    const frames = answerFrames(request.dialect, content, { model: String(request.body.model) });
    const opening = request.dialect === 'openai-responses' ? LONGER_OPENING : 0;
    return streams(frames.slice(0, events + opening), { end })(request, response);
  };
}

/** An error answer of the given status in the dialect of the request. */
export function fails(
  status: number,
  { type = 'api_error', message = `status ${status}`, headers = {} as Record<string, string> } = {},
): Reply {
  return (request, response) =>
    send(response, status, JSON.stringify(errorBody(request.dialect, type, message)), headers);
}

/** Status 429; `retryAfter` is the header as it stands: seconds or an HTTP date. */
export function rateLimited(retryAfter?: number | string): Reply {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` };
  return fails(429, { type: 'rate_limit_error', message: 'Slow down.', headers });
}

/** Takes the request and never answers. */
export function stalls(): Reply {
  return () => {};
}

/** Cuts the connection without an answer. */
export function hangsUp(): Reply {
  return (_, response) => {
    response.destroy();
  };
}

/** Status 200 with a body of the right type that no answer can be read from. */
export function lies(body = '{"choices": [{"mess'): Reply {
  return (request, response) =>
    request.body.stream === true
      ? streams([`data: ${body}\n\n`])(request, response)
      : send(response, 200, body, {});
}

/** The reply, but only once `gate` resolves. */
export function after(gate: Promise<unknown>, reply: Reply): Reply {
  return async (request, response) => {
    await gate;
    await reply(request, response);
  };
}

/** A promise and the function that resolves it. */
export function createGate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

async function readBody(message: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as JsonObject;
  } catch {
    return {};
  }
}

const BASE = '/v1';

function dialectOf(url: string): DialectId {
  if (url.includes('/messages')) return 'anthropic-messages';
  return url.includes('/responses') ? 'openai-responses' : 'openai-chat';
}

async function receive(message: IncomingMessage, response: ServerResponse): Promise<ReceivedRequest> {
  const hungUp = new Promise<boolean>((resolve) => {
    response.once('close', () => resolve(!response.writableFinished));
  });
  const url = message.url ?? '';
  return {
    method: message.method ?? '',
    path: url.startsWith(BASE) ? url.slice(BASE.length) : url,
    headers: message.headers,
    body: await readBody(message),
    dialect: dialectOf(url),
    hungUp,
  };
}

/** Starts one on a free port of the loopback interface. */
export async function startUpstream(): Promise<FakeUpstream> {
  let received: ReceivedRequest[] = [];
  let script: Reply[] = [];
  let otherwise: ReplyTo = () => answers('ok');
  let waiting: (() => void)[] = [];

  const server = createServer(async (message, response) => {
    const request = await receive(message, response);
    received.push(request);
    for (const wake of waiting.splice(0)) wake();
    const reply = script.shift() ?? otherwise(request);
    await reply(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;

  return {
    baseUrl: `http://127.0.0.1:${port}${BASE}`,
    get received() {
      return received;
    },
    next: (...replies) => {
      script.push(...replies);
    },
    otherwise: (choose) => {
      otherwise = choose;
    },
    async request(nth) {
      for (;;) {
        const request = received[nth - 1];
        if (request) return request;
        await new Promise<void>((wake) => waiting.push(wake));
      }
    },
    reset() {
      received = [];
      script = [];
      waiting = [];
      otherwise = () => answers('ok');
    },
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}
