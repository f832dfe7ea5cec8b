import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ChatEvent, type ChatRequest, DIALECT_IDS, type DialectId } from '../../src/core/chat.ts';
import { type ErrorCode, RouterError } from '../../src/core/errors.ts';
import type { Provider, ProviderCall } from '../../src/core/ports.ts';
import { createDialects } from '../../src/dialects/index.ts';
import { createKeyPool, type KeyPool } from '../../src/providers/key-pool.ts';
import { createUpstream, type UpstreamOptions } from '../../src/providers/upstream.ts';
import { parseRetryAfter, retryAfterOf } from '../../src/providers/upstream-error.ts';
import { type AddressOptions, createAddress } from '../../src/providers/wire.ts';
import { eventsOf } from '../contracts/provider.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { requestOf } from '../fakes/requests.ts';
import {
  answers,
  breaksOff,
  type FakeUpstream,
  fails,
  hangsUp,
  json,
  lies,
  type Reply,
  rateLimited,
  stalls,
  startUpstream,
  streams,
  text,
} from '../fakes/upstream.ts';
import { answerBody, answerFrames } from '../fakes/wire-answers.ts';

const KEY = 'sk-secret-key-0123456789abcdef';
const dialects = createDialects();
const agent = new Agent();
let fake: FakeUpstream;
beforeAll(async () => {
  fake = await startUpstream();
});
afterAll(async () => {
  await agent.destroy();
  await fake.close();
});
beforeEach(() => fake.reset());

function poolOf(...keys: string[]): KeyPool {
  return createKeyPool({ provider: 'acme', keys, cooldownMs: 1_000, clock: createFakeClock() });
}

function upstream(
  id: DialectId,
  over: Partial<UpstreamOptions> = {},
  at: Partial<AddressOptions> = {},
): Provider {
  return createUpstream({
    id: 'acme',
    dialect: dialects[id],
    address: createAddress({ dialect: id, baseUrl: fake.baseUrl, ...at }),
    keys: poolOf(KEY),
    headers: {},
    modelInBody: true,
    extraBody: {},
    timeoutMs: 10_000,
    streamTimeoutMs: 10_000,
    firstByteTimeoutMs: 10_000,
    idleTimeoutMs: 10_000,
    dispatcher: agent,
    clock: createFakeClock(),
    ...over,
  });
}

function callOf(over: Partial<ChatRequest> = {}, signal = new AbortController().signal): ProviderCall {
  return { request: requestOf('hi', over), upstreamModel: 'real-name', signal };
}
const whole = callOf();
const streamed = callOf({ stream: true, raw: { model: 'auto', messages: [], stream: true } });

async function errorOf(work: Promise<unknown>): Promise<RouterError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RouterError)) throw new Error(`expected a RouterError, got ${error}`);
  return error;
}

async function lastEvent(provider: Provider, call: ProviderCall): Promise<ChatEvent | undefined> {
  return (await eventsOf((await provider.stream(call)).frames)).at(-1);
}

describe('what is sent', () => {
  it('to chat completions: path, bearer key, the upstream’s name of the model', async () => {
    await upstream('openai-chat').complete(whole);
    expect(fake.received[0]).toMatchObject({
      method: 'POST',
      path: '/chat/completions',
      headers: {
        authorization: `Bearer ${KEY}`,
        accept: 'application/json',
        'content-type': 'application/json',
      },
      body: { model: 'real-name', messages: [{ role: 'user', content: 'hi' }] },
    });
  });

  it('to messages: path, key and version', async () => {
    await upstream('anthropic-messages').complete(whole);
    expect(fake.received[0]).toMatchObject({
      path: '/messages',
      headers: { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' },
      body: { model: 'real-name', messages: [{ role: 'user' }] },
    });
    expect(fake.received[0]?.headers.authorization).toBeUndefined();
  });

  it('no key where none is needed, extra headers, and no doubled slash', async () => {
    const options = { keys: poolOf(), headers: { 'x-team': 'a' } };
    const provider = upstream('openai-chat', options, { baseUrl: `${fake.baseUrl}//` });
    await provider.complete(whole);
    expect(fake.received[0]).toMatchObject({ path: '/chat/completions', headers: { 'x-team': 'a' } });
    expect(fake.received[0]?.headers.authorization).toBeUndefined();
  });

  it('the keys of a pool in turn', async () => {
    const provider = upstream('openai-chat', { keys: poolOf('one', 'two') });
    for (let turn = 0; turn < 3; turn++) await provider.complete(whole);
    const sent = fake.received.map(({ headers }) => headers.authorization);
    expect(sent).toEqual(['Bearer one', 'Bearer two', 'Bearer one']);
  });

  it('fields that nobody here knows, where the dialects match', async () => {
    const raw = { model: 'auto', messages: [], brand_new_field: { a: [1] } };
    await upstream('openai-chat').complete(callOf({ raw }));
    expect(fake.received[0]?.body).toMatchObject({ brand_new_field: { a: [1] } });
  });

  it('nothing where the dialect cannot express the request', async () => {
    const request = callOf({ nativeFields: [{ name: 'logprobs', essential: true }] });
    expect((await errorOf(upstream('anthropic-messages').complete(request))).code).toBe('unsupported');
    expect(fake.received).toHaveLength(0);
  });
});

interface FailureRow {
  readonly name: string;
  readonly reply: Reply;
  readonly code: ErrorCode;
  readonly status?: number;
}

const REFUSALS: readonly FailureRow[] = [
  { name: 'a wrong key', reply: fails(401), code: 'upstream_auth', status: 401 },
  { name: 'a forbidden model', reply: fails(403), code: 'upstream_auth', status: 403 },
  { name: 'an unknown model', reply: fails(404), code: 'upstream_rejected', status: 404 },
  { name: 'a bad request', reply: fails(400), code: 'upstream_rejected', status: 400 },
  {
    name: 'a prompt too long',
    reply: fails(400, { message: 'prompt is too long: 250000 tokens' }),
    code: 'context_too_long',
    status: 400,
  },
  { name: 'a rate limit', reply: rateLimited(), code: 'upstream_rate_limited', status: 429 },
  { name: 'a fault', reply: fails(500), code: 'upstream_error', status: 500 },
  { name: 'an overload', reply: fails(529), code: 'upstream_error', status: 529 },
  {
    name: 'the page of a gateway',
    reply: text('<html>bad gateway</html>', 502),
    code: 'upstream_error',
    status: 502,
  },
  { name: 'a redirect', reply: text('', 302), code: 'upstream_error', status: 302 },
  { name: 'a connection cut before the answer', reply: hangsUp(), code: 'upstream_error' },
];

describe.each(DIALECT_IDS)('failures of an upstream that speaks %s', (id) => {
  it.each(REFUSALS)('$name, whole', async ({ reply, code, status }) => {
    fake.next(reply);
    const error = await errorOf(upstream(id).complete(whole));
    expect([error.code, error.upstreamStatus]).toEqual([code, status]);
    expect(error.message).not.toContain(KEY);
  });

  it.each(REFUSALS)('$name, before a stream', async ({ reply, code, status }) => {
    fake.next(reply);
    const error = await errorOf(upstream(id).stream(streamed));
    expect([error.code, error.upstreamStatus]).toEqual([code, status]);
  });

  it.each([
    ['half a body', lies()],
    ['JSON of another kind', json({ hello: 'world' })],
    ['JSON that is no object', json([])],
    ['a page instead of JSON', text('<html>welcome</html>')],
  ])('%s with status 200 is malformed', async (_, reply) => {
    fake.next(reply);
    expect((await errorOf(upstream(id).complete(whole))).code).toBe('upstream_malformed');
  });

  it('an error with status 200 where a stream was asked for is that error', async () => {
    fake.next(json({ type: 'error', error: { type: 'rate_limit_error', message: 'Slow down.' } }));
    expect((await errorOf(upstream(id).stream(streamed))).code).toBe('upstream_rate_limited');
  });

  it('a whole answer where a stream was asked for is malformed', async () => {
    fake.next(json(answerBody(id, 'whole')));
    expect((await errorOf(upstream(id).stream(streamed))).code).toBe('upstream_malformed');
  });

  it('nothing follows an unreadable event', async () => {
    const [first = '', ...rest] = answerFrames(id, 'one two three');
    fake.next(streams([first, 'data: {"half\n\n', ...rest]));
    const kept: string[] = [];
    for await (const frame of (await upstream(id).stream(streamed)).frames) kept.push(frame.raw);
    expect(kept).toEqual([first, '']);
  });

  it('a stream is known by its type in any case', async () => {
    const frames = answerFrames(id, 'one two three');
    fake.next(text(frames.join(''), 200, 'Text/Event-Stream;charset=UTF-8'));
    const kept: string[] = [];
    for await (const frame of (await upstream(id).stream(streamed)).frames) kept.push(frame.raw);
    expect(kept).toEqual(frames);
  });

  it('a stream that is no event stream is malformed', async () => {
    fake.next(text('<html>welcome</html>'));
    expect((await errorOf(upstream(id).stream(streamed))).code).toBe('upstream_malformed');
  });

  it('an unreadable event ends the stream in an error', async () => {
    fake.next(lies());
    expect(await lastEvent(upstream(id), streamed)).toMatchObject({ error: { code: 'upstream_malformed' } });
  });

  it.each(['cut', 'end'] as const)('a stream that breaks off (%s) ends in an error, once', async (end) => {
    fake.next(breaksOff('one two three four', 4, end));
    const { frames } = await upstream(id).stream(streamed);
    const events = await eventsOf(frames);
    expect(events.filter(({ type }) => type === 'text').length).toBeGreaterThan(0);
    expect(events.filter(({ type }) => type === 'error' || type === 'finish')).toMatchObject([
      { type: 'error', error: { code: 'upstream_error' } },
    ]);
  });

  it('an empty stream ends in an error', async () => {
    fake.next(streams([]));
    expect(await lastEvent(upstream(id), streamed)).toMatchObject({ type: 'error' });
  });
});

describe('deadlines', () => {
  it('of the whole answer', async () => {
    fake.next(stalls());
    const error = await errorOf(upstream('openai-chat', { timeoutMs: 30 }).complete(whole));
    expect(error).toMatchObject({ code: 'upstream_timeout', unsent: false });
    expect(await (await fake.request(1)).hungUp).toBe(true);
  });

  it('of the first byte of a stream', async () => {
    fake.next(stalls());
    const provider = upstream('openai-chat', { firstByteTimeoutMs: 30 });
    expect((await errorOf(provider.stream(streamed))).code).toBe('upstream_timeout');
  });

  it('of connecting', async () => {
    const mute = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((listening) => mute.listen(0, '127.0.0.1', listening));
    const { port } = mute.address() as AddressInfo;
    const dispatcher = new Agent({ connect: { timeout: 30 } });
    const provider = upstream('openai-chat', { dispatcher }, { baseUrl: `https://127.0.0.1:${port}` });
    const error = await errorOf(provider.complete(whole));
    await dispatcher.destroy();
    mute.close();
    expect(error).toMatchObject({ code: 'upstream_timeout', unsent: true });
  });

  it('of a whole stream, however busy it is', async () => {
    fake.next(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      while (!response.destroyed) {
        response.write(': ping\n\n');
        await sleep(5);
      }
    });
    const provider = upstream('openai-chat', { streamTimeoutMs: 60 });
    expect(await lastEvent(provider, streamed)).toMatchObject({ error: { code: 'upstream_timeout' } });
    expect(await (await fake.request(1)).hungUp).toBe(true);
  });

  it('of what may follow the end of a stream', { timeout: 15_000 }, async () => {
    fake.next(breaksOff('one two', 5, 'stall'));
    const patient = { idleTimeoutMs: 60_000, streamTimeoutMs: 60_000 };
    const events = await eventsOf((await upstream('openai-chat', patient).stream(streamed)).frames);
    expect(events.at(-1)).toMatchObject({ type: 'finish' });
    expect(await (await fake.request(1)).hungUp).toBe(true);
  });

  it('of a silence within a stream', async () => {
    fake.next(breaksOff('one two three', 3, 'stall'));
    const provider = upstream('openai-chat', { idleTimeoutMs: 30 });
    expect(await lastEvent(provider, streamed)).toMatchObject({ error: { code: 'upstream_timeout' } });
    expect(await (await fake.request(1)).hungUp).toBe(true);
  });
});

describe('an upstream that cannot be reached', () => {
  it('says so without its address, and that nothing was sent', async () => {
    const gone = await startUpstream();
    await gone.close();
    const error = await errorOf(upstream('openai-chat', {}, { baseUrl: gone.baseUrl }).complete(whole));
    expect(error).toMatchObject({ code: 'upstream_error', unsent: true });
    expect(error.message).toBe('Provider acme cannot be reached (ECONNREFUSED).');
  });

  it('was sent something where it hung up', async () => {
    fake.next(hangsUp());
    expect((await errorOf(upstream('openai-chat').complete(whole))).unsent).toBe(false);
  });
});

describe('a caller that goes away', () => {
  it('ends a call that waits', async () => {
    fake.next(stalls());
    const client = new AbortController();
    const answer = errorOf(upstream('openai-chat').complete(callOf({}, client.signal)));
    const request = await fake.request(1);
    client.abort();
    expect((await answer).code).toBe('client_closed');
    expect(await request.hungUp).toBe(true);
  });

  it('ends a stream that stalls', async () => {
    fake.next(breaksOff('one two three', 3, 'stall'));
    const client = new AbortController();
    const { frames } = await upstream('openai-chat').stream({ ...streamed, signal: client.signal });
    const events: ChatEvent[] = [];
    for await (const frame of frames) {
      events.push(...frame.events);
      if (events.length === 2) client.abort();
    }
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { code: 'client_closed' } });
    expect(await (await fake.request(1)).hungUp).toBe(true);
  });

  it('stops the upstream by no longer reading', async () => {
    fake.next(breaksOff('one two three', 3, 'stall'));
    const { frames } = await upstream('openai-chat').stream(streamed);
    for await (const frame of frames) if (frame.events.length > 0) break;
    expect(await (await fake.request(1)).hungUp).toBe(true);
  });
});

describe('frames', () => {
  it('keep the text of the stream as it came, but for the usage nobody asked for', async () => {
    const pieces = ['data: {"choices":[{"index":0,"delta":{"content":"a"},"x":1}]}\n\n', ': ping\n\n'];
    const usage = 'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n';
    const end = [
      'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
      usage,
      'data: [DONE]\n\n',
    ];
    fake.next(streams([...pieces, ...end]), streams([...pieces, ...end]));
    const raw = async (call: ProviderCall): Promise<string> => {
      let kept = '';
      for await (const frame of (await upstream('openai-chat').stream(call)).frames) kept += frame.raw;
      return kept;
    };
    const all = [...pieces, ...end].join('');
    expect(await raw(streamed)).toBe(all.replace(usage, ''));
    expect(await raw({ ...streamed, request: { ...streamed.request, includeUsage: true } })).toBe(all);
  });

  it('come as events whatever the borders of the network’s chunks', async () => {
    const stream =
      'data: {"choices":[{"index":0,"delta":{"content":"né"},"finish_reason":"stop"}]}\r\n\r\ndata: [DONE]\r\n\r\n';
    fake.next(streams([...stream].map((character) => character)));
    const events = await eventsOf((await upstream('openai-chat').stream(streamed)).frames);
    expect(events).toMatchObject([{ type: 'start' }, { type: 'text', text: 'né' }, { type: 'finish' }]);
  });
});

describe('Retry-After', () => {
  const NOW = Date.UTC(2026, 0, 15, 12);
  it.each([
    [undefined, undefined],
    ['2', 2],
    ['0.5', 0.5],
    ['-3', 0],
    ['Thu, 15 Jan 2026 12:00:30 GMT', 30],
    ['Thu, 15 Jan 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    ['Infinity', undefined],
  ])('%j means %j seconds', (value, seconds) => {
    expect(parseRetryAfter(value, NOW)).toBe(seconds);
  });

  it.each([
    [{ 'retry-after-ms': '250', 'retry-after': '1' }, 0.25],
    [{ 'retry-after-ms': 'soon', 'retry-after': '1' }, 1],
    [{ 'retry-after-ms': '' }, undefined],
    [{ 'retry-after': ['3', '4'] }, 3],
    [{}, undefined],
  ])('of the headers %j is %j seconds', (headers, seconds) => {
    expect(retryAfterOf(headers, NOW)).toBe(seconds);
  });

  it('is part of the error', async () => {
    fake.next(rateLimited(7), rateLimited('Thu, 15 Jan 2026 12:00:30 GMT'));
    const provider = upstream('openai-chat');
    expect((await errorOf(provider.complete(whole))).retryAfterSeconds).toBe(7);
    expect((await errorOf(provider.stream(streamed))).retryAfterSeconds).toBe(30);
  });
});

describe('a redirect', () => {
  const targets = [301, 302, 307, 308];
  it.each(targets)('(%i) is not followed, whoever it points at', async (status) => {
    const inner = await startUpstream();
    fake.next(json({}, status, { location: `${inner.baseUrl}/chat/completions` }));
    const error = await errorOf(upstream('openai-chat').complete(whole));
    const asked = inner.received.length;
    await inner.close();
    expect(error).toMatchObject({ code: 'upstream_error', upstreamStatus: status });
    expect(asked).toBe(0);
  });
});

describe('an address of its own', () => {
  const body = { model: 'auto', messages: [{ role: 'user', content: 'hi' }] };

  it('of Azure OpenAI: the deployment in the path, a version in the query, the key in its header', async () => {
    const provider = upstream(
      'openai-chat',
      {},
      {
        path: '/openai/deployments/{model}/chat/completions',
        query: { 'api-version': '2026-10-01' },
        auth: 'api-key',
      },
    );
    await provider.complete({ ...whole, upstreamModel: 'my gpt/4' });
    expect(fake.received[0]).toMatchObject({
      path: '/openai/deployments/my%20gpt%2F4/chat/completions?api-version=2026-10-01',
      headers: { 'api-key': KEY },
      body: { model: 'my gpt/4' },
    });
    expect(fake.received[0]?.headers.authorization).toBeUndefined();
  });

  it('of a Bedrock-style gateway: two paths, and the model nowhere in the body', async () => {
    const provider = upstream(
      'anthropic-messages',
      { modelInBody: false, extraBody: { anthropic_version: 'bedrock-2023-05-31' } },
      { path: '/model/{model}/messages', streamPath: '/model/{model}/messages-stream', auth: 'bearer' },
    );
    const upstreamModel = 'anthropic.claude-haiku-4-5-v1:0';
    const request = requestOf('hi', { dialect: 'anthropic-messages', raw: { ...body, max_tokens: 9 } });
    await provider.complete({ ...whole, request, upstreamModel });
    const { frames } = await provider.stream({
      ...whole,
      request: { ...request, stream: true, raw: { ...request.raw, stream: true } },
      upstreamModel,
    });
    expect((await eventsOf(frames)).at(-1)).toMatchObject({ type: 'finish' });
    expect(fake.received.map(({ path }) => path)).toEqual([
      '/model/anthropic.claude-haiku-4-5-v1%3A0/messages',
      '/model/anthropic.claude-haiku-4-5-v1%3A0/messages-stream',
    ]);
    const { model, ...rest } = body;
    expect(fake.received[0]?.body).toEqual({
      ...rest,
      max_tokens: 9,
      anthropic_version: 'bedrock-2023-05-31',
    });
    expect(fake.received[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(fake.received[0]?.headers['x-api-key']).toBeUndefined();
  });

  it('sends no key where there is to be none', async () => {
    await upstream('openai-chat', {}, { auth: 'none' }).complete(whole);
    expect(JSON.stringify(fake.received[0]?.headers)).not.toContain(KEY);
  });

  it('keeps the caller’s version of the format above its own', async () => {
    const formatHeaders = { 'anthropic-version': '2024-01-01' };
    const request = requestOf('hi', { dialect: 'anthropic-messages', raw: body, formatHeaders });
    await upstream('anthropic-messages').complete({ ...whole, request });
    expect(fake.received[0]?.headers['anthropic-version']).toBe('2024-01-01');
  });
});

describe('several calls', () => {
  it('do not disturb each other', async () => {
    fake.otherwise(({ body }) => answers(String((body.messages as { content: string }[])[0]?.content)));
    const provider = upstream('openai-chat');
    const words = ['a', 'b', 'c', 'd'];
    const results = await Promise.all(
      words.map((word) =>
        provider.complete(callOf({ raw: { model: 'auto', messages: [{ role: 'user', content: word }] } })),
      ),
    );
    expect(results.map(({ response }) => response.content)).toEqual(
      words.map((word) => [{ type: 'text', text: word }]),
    );
  });
});
