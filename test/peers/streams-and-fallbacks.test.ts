/** What users of other routers ask of streams and fallbacks; the number is that of their issue. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import {
  answers,
  breaksOff,
  type FakeUpstream,
  fails,
  type Reply,
  startUpstream,
  streams,
} from '../fakes/upstream.ts';
import { answerFrames } from '../fakes/wire-answers.ts';
import { startRouter, type TestRouter } from '../http/harness.ts';

let upstream: FakeUpstream;
let router: TestRouter;

function config(): ConfigInput {
  const provider = (id: string) => [id, { base_url: upstream.baseUrl, idle_timeout_ms: 500 }] as const;
  return {
    builtin_catalog: false,
    judge: { model: 'none' },
    classifier: { bundle: 'no-such-bundle' },
    execution: { retries: 0, breaker_failures: 3 },
    providers: Object.fromEntries(['first', 'second'].map(provider)),
    models: [
      { id: 'weak', provider: 'first', tier: 'simple' },
      { id: 'sound', provider: 'second', tier: 'complex' },
    ],
    routes: [{ name: 'held', match: { headers: { 'x-commit': 'buffered' } }, commit: 'buffered' }],
  };
}

beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  upstream.reset();
  await router.close();
});

/** The weak model makes the reply, the sound one answers. */
async function open(reply: Reply): Promise<void> {
  router = await startRouter(config());
  upstream.otherwise(({ body }) => (body.model === 'weak' ? reply : answers('sound words')));
}

const messages = [{ role: 'user', content: 'hi' }];
const modelsTried = (): unknown[] => upstream.received.map(({ body }) => body.model);

describe('a stream', () => {
  const garbled: Reply = (request, response) => {
    const [opening = ''] = answerFrames(request.dialect, 'x');
    return streams([opening, 'data: {"half\n\n'])(request, response);
  };
  it.each([
    { what: 'that stalls before its first word', reply: breaksOff('one two', 1, 'stall'), headers: {} },
    { what: 'that is cut before its first word', reply: breaksOff('one two', 1, 'cut'), headers: {} },
    { what: 'that is malformed before its first word', reply: garbled, headers: {} },
    {
      what: 'that stalls in its middle while it is held back',
      reply: breaksOff('one two three', 3, 'stall'),
      headers: { 'x-commit': 'buffered' },
    },
    {
      what: 'that is cut in its middle while it is held back',
      reply: breaksOff('one two three', 3, 'cut'),
      headers: { 'x-commit': 'buffered' },
    },
  ])(
    'BerriAI/litellm 40404: $what falls back, and the client reads one whole answer',
    async ({ reply, headers }) => {
      await open(reply);
      const answer = await router.post(
        '/v1/chat/completions',
        { model: 'auto:simple', messages, stream: true },
        headers,
      );
      const body = await answer.text();
      expect([...body.matchAll(/"content":"([^"]*)"/g)].map(([, words]) => words).join('')).toBe(
        'sound words',
      );
      expect(body.trimEnd().endsWith('data: [DONE]')).toBe(true);
      expect(body).not.toContain('error');
      expect(modelsTried()).toEqual(['weak', 'sound']);
    },
  );

  it('BerriAI/litellm 40404: one that breaks off too late to fall back says so, and does not pass for complete', async () => {
    await open(breaksOff('one two three', 3, 'cut'));
    const answer = await router.post('/v1/chat/completions', {
      model: 'auto:simple',
      messages,
      stream: true,
    });
    const body = await answer.text();
    expect(body).toContain('"one "');
    expect(body).not.toContain('[DONE]');
    expect(JSON.parse(body.trimEnd().split('data: ').at(-1) ?? '')).toMatchObject({
      error: { code: 'upstream_error' },
    });
  });
});

describe('fallbacks', () => {
  const endpoints = [
    { path: '/v1/chat/completions', body: { messages } },
    { path: '/v1/responses', body: { input: 'hi' } },
    { path: '/v1/messages', body: { messages, max_tokens: 9 } },
  ].flatMap((endpoint) => [false, true].map((stream) => ({ ...endpoint, stream })));

  it.each(endpoints)(
    'BerriAI/litellm 28216: fire at $path too (streamed: $stream)',
    async ({ path, body, stream }) => {
      await open(fails(500));
      const answer = await router.post(path, { model: 'auto:simple', ...body, stream });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('words');
      expect(answer.headers.get('x-router-model')).toBe('sound');
    },
  );

  it('BerriAI/litellm 28216: fire at /v1/route too', async () => {
    await open(fails(500));
    const answer = await router.post('/v1/route', { prompt: 'hi', model: 'auto:simple' });
    expect(JSON.stringify(await answer.json())).toContain('sound words');
  });

  it.each(['auto', 'auto:simple'])(
    'BerriAI/litellm 38882: fire behind the router’s own name %s',
    async (model) => {
      await open(fails(500));
      const answer = await router.post('/v1/chat/completions', { model, messages });
      expect(answer.status).toBe(200);
      expect(modelsTried()).toEqual(['weak', 'sound']);
    },
  );

  it('BerriAI/litellm 38882: are not fired where the caller pinned a model, whose own error it gets', async () => {
    await open(fails(500));
    const answer = await router.post('/v1/chat/completions', { model: 'weak', messages });
    expect(answer.status).toBe(502);
    expect(modelsTried()).toEqual(['weak']);
  });
});

describe('the circuit breaker', () => {
  interface Ready {
    readonly notes?: { readonly providers?: string };
    readonly providers: readonly { readonly provider: string; readonly breaker: string }[];
  }
  const ready = async (): Promise<Ready> => (await (await router.get('/readyz')).json()) as Ready;

  it.each([
    { what: 'failed calls', reply: fails(500), stream: false },
    {
      what: 'streams that break off after their first words',
      reply: breaksOff('one two', 2, 'cut'),
      stream: true,
    },
  ])(
    'Portkey-AI/gateway 1289: opens on $what, spares the upstream, and shows its state',
    async ({ reply, stream }) => {
      await open(reply);
      const ask = async (): Promise<string> =>
        (await router.post('/v1/chat/completions', { model: 'auto:simple', messages, stream })).text();
      for (let turn = 0; turn < 3; turn++) await ask();
      const calls = modelsTried().filter((model) => model === 'weak').length;
      expect(await ask()).toContain('words');
      expect(modelsTried().filter((model) => model === 'weak')).toHaveLength(calls);
      const { notes, providers } = await ready();
      expect(providers).toMatchObject([
        { provider: 'first', breaker: 'open' },
        { provider: 'second', breaker: 'closed' },
      ]);
      expect(notes?.providers).toMatch(/^first open since/);
      expect(await (await router.get('/metrics')).text()).toContain(
        'llm_router_provider_breaker_state{provider="first",state="open"} 1',
      );
    },
  );
});
