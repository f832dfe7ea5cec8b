/** Limits of requests, tokens and requests at once; what they look like to clients. */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { after, answers, createGate, type FakeUpstream, fails, startUpstream } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

let upstream: FakeUpstream;
let router: TestRouter;
let turn = 0;

beforeAll(async () => {
  upstream = await startUpstream();
  router = await startRouter(
    {
      builtin_catalog: false,
      judge: { model: 'none' },
      classifier: { bundle: 'no-such-bundle' },
      execution: { retries: 0 },
      providers: { chat: { base_url: upstream.baseUrl } },
      models: [{ id: 'small', provider: 'chat', tier: 'simple' }],
      access: {
        keys: [{ name: 'ops', key_env: 'OPS', scopes: ['admin'] }],
        limits: { requests_per_minute: 1_000 },
        failed_auth_per_minute: 3,
      },
    },
    { OPS: 'ops-key-ops-key-ops-key-ops' },
  );
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await router.close();
  await upstream.close();
});

/** A key of its own for each test. */
async function keyWith(rights: object): Promise<string> {
  const name = `key ${turn++}`;
  const headers = { 'x-api-key': 'ops-key-ops-key-ops-key-ops' };
  const created = await router.post('/v1/admin/keys', { name, ...rights }, headers);
  return ((await created.json()) as { key: string }).key;
}

const messages = [{ role: 'user' as const, content: 'hi' }];
const ask = (key: string, body: object = {}, path = '/v1/chat/completions') =>
  router.post(path, { model: 'small', messages, ...body }, { 'x-api-key': key });

describe('requests a minute', () => {
  it('are counted down in headers, then refused with 429 in the caller’s dialect', async () => {
    const key = await keyWith({ requests_per_minute: 2 });
    const first = await ask(key);
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1');
    expect(first.headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+s$/);
    await ask(key);
    const refused = await ask(key);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(await refused.json()).toMatchObject({
      error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    });
    const claude = await ask(key, { max_tokens: 5 }, '/v1/messages');
    expect(await claude.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
    expect(claude.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0');
    expect(upstream.received).toHaveLength(2);
  });

  it('are each key’s own, and the configured default where it has none', async () => {
    const [one, two] = [await keyWith({ requests_per_minute: 1 }), await keyWith({ requests_per_minute: 1 })];
    expect([(await ask(one)).status, (await ask(one)).status, (await ask(two)).status]).toEqual([
      200, 429, 200,
    ]);
    const other = await ask(await keyWith({}));
    expect(other.headers.get('x-ratelimit-limit-requests')).toBe('1000');
  });

  it('raise RateLimitError in the official clients', async () => {
    const apiKey = await keyWith({ requests_per_minute: 1 });
    await ask(apiKey);
    const openai = new OpenAI({ baseURL: `${router.url}/v1`, apiKey, maxRetries: 0 });
    const anthropic = new Anthropic({ baseURL: router.url, apiKey, maxRetries: 0 });
    await expect(openai.chat.completions.create({ model: 'small', messages })).rejects.toThrow(
      OpenAI.RateLimitError,
    );
    await expect(anthropic.messages.create({ model: 'small', max_tokens: 5, messages })).rejects.toThrow(
      Anthropic.RateLimitError,
    );
  });
});

describe('tokens a minute', () => {
  const long = { messages: [{ role: 'user', content: 'word '.repeat(40) }] };
  /** As a request says that takes none. */
  const remaining = async (key: string): Promise<number> =>
    Number((await ask(key, {}, '/v1/feedback')).headers.get('x-ratelimit-remaining-tokens'));

  it('hold the estimate first, then what was used', async () => {
    const key = await keyWith({ tokens_per_minute: 100 });
    upstream.next(answers('ok', { usage: { input: 30, output: 20 } }));
    const answer = await ask(key, long);
    expect(answer.status).toBe(200);
    expect(Number(answer.headers.get('x-ratelimit-remaining-tokens'))).toBeLessThan(60);
    expect(await remaining(key)).toBe(50);
    const refused = await ask(key, { messages: [{ role: 'user', content: 'word '.repeat(60) }] });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect(await remaining(key)).toBe(50);
    expect(upstream.received).toHaveLength(1);
  });

  it('count a stream when it is over', async () => {
    const key = await keyWith({ tokens_per_minute: 100 });
    upstream.next(answers('ok', { usage: { input: 10, output: 70 } }));
    await (await ask(key, { stream: true })).text();
    await expect.poll(() => remaining(key)).toBe(20);
  });

  it('may be overdrawn once by an answer, then are used up', async () => {
    const key = await keyWith({ tokens_per_minute: 60 });
    upstream.next(answers('ok', { usage: { input: 10, output: 500 } }));
    expect((await ask(key)).status).toBe(200);
    expect((await ask(key)).status).toBe(429);
  });

  it('are given back where nothing was sent', async () => {
    const key = await keyWith({ tokens_per_minute: 100 });
    expect((await ask(key, { ...long, model: 'none-such' })).status).toBe(404);
    expect(await remaining(key)).toBe(100);
  });

  it('are given back where every model refused, and kept where a client left what was under way', async () => {
    const key = await keyWith({ tokens_per_minute: 100 });
    upstream.next(fails(500));
    expect((await ask(key, long)).status).toBeGreaterThanOrEqual(500);
    await expect.poll(() => remaining(key)).toBe(100);
    const seen = upstream.received.length;
    upstream.next(() => {});
    const abort = new AbortController();
    const left = fetch(`${router.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: 'auto', stream: true, ...long }),
      signal: abort.signal,
    }).catch(() => {});
    const { hungUp } = await upstream.request(seen + 1);
    abort.abort();
    await left;
    expect(await hungUp).toBe(true);
    expect(await remaining(key)).toBeLessThan(60);
  });

  it('refuse a request that no waiting would let in, without a time to wait', async () => {
    const key = await keyWith({ tokens_per_minute: 10 });
    const refused = await ask(key, long);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBeNull();
    expect(JSON.stringify(await refused.json())).toContain('more than the key may use in a minute (10)');
  });
});

describe('requests at once', () => {
  it('are refused beyond the limit, and let in again when one is over', async () => {
    const key = await keyWith({ concurrent: 1 });
    const gate = createGate();
    upstream.next(after(gate.opened, answers('one')));
    const first = ask(key);
    await upstream.request(1);
    const second = await ask(key);
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '1']);
    gate.open();
    await (await first).text();
    await expect.poll(async () => (await ask(key)).status).toBe(200);
  });

  it('end with every request, however it ends', async () => {
    const key = await keyWith({ concurrent: 1 });
    upstream.next(fails(500));
    expect((await ask(key)).status).toBeGreaterThanOrEqual(500);
    await expect.poll(async () => (await ask(key, { model: 'none-such' })).status).toBe(404);
    upstream.next(() => {});
    const abort = new AbortController();
    const hanging = fetch(`${router.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify({ model: 'small', messages }),
      signal: abort.signal,
    });
    await upstream.request(2);
    abort.abort();
    await expect(hanging).rejects.toThrow();
    await expect.poll(async () => (await ask(key)).status).toBe(200);
  });
});

describe('wrong keys from one address', () => {
  it('are answered a few times, then told to wait, while valid keys pass', async () => {
    const statuses: number[] = [];
    for (let tried = 0; tried < 5; tried++) statuses.push((await ask(`wrong-${tried}`)).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await ask('wrong')).headers.get('retry-after')).not.toBeNull();
    expect((await ask(await keyWith({}))).status).toBe(200);
  });
});
