/** Who is let in, what a key may see, and how refusals look to the official clients. */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OPENAPI_PATH } from '../../src/http/app.ts';
import { ENDPOINTS } from '../../src/http/endpoint-table.ts';
import { type FakeUpstream, startUpstream } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

const PRICE = { input: 1, output: 10, as_of: '2026-11-01' };
const ENV = {
  ALICE: 'alice-key-alice-key-alice',
  BOB: 'bob-key-bob-key-bob-key-bob',
  OPS: 'ops-key-ops-key-ops-key-ops',
  SEER: 'seer-key-seer-key-seer-key',
  LATE: 'late-key-late-key-late-key',
  UPSTREAM_KEY: 'the-providers-own-key',
};
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const messages = [{ role: 'user' as const, content: 'hi' }];
const chat = { model: 'small', messages };

let upstream: FakeUpstream;
let router: TestRouter;
const url = (): string => router.url;

function config() {
  return {
    builtin_catalog: false,
    judge: { model: 'none' },
    classifier: { bundle: 'no-such-bundle' },
    providers: { chat: { base_url: upstream.baseUrl, key_env: 'UPSTREAM_KEY' } },
    models: [
      { id: 'small', provider: 'chat', tier: 'simple' as const, price: PRICE },
      { id: 'large', provider: 'chat', tier: 'complex' as const, price: PRICE },
    ],
    access: {
      failed_auth_per_minute: 1_000,
      keys: [
        { name: 'alice', key_env: 'ALICE' },
        { name: 'bob', key_env: 'BOB', models: ['small'], tiers: ['simple' as const] },
        { name: 'ops', key_env: 'OPS', scopes: ['admin' as const] },
        { name: 'seer', key_env: 'SEER', scopes: ['read' as const] },
        { name: 'late', key_env: 'LATE', expires: '2026-01-01' },
      ],
    },
  };
}

const send = (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) =>
  fetch(url() + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

beforeAll(async () => {
  upstream = await startUpstream();
  router = await startRouter(config(), ENV);
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await router.close();
  await upstream.close();
});

describe('without a valid key', () => {
  const OPEN = new Set(['GET /healthz', 'GET /readyz']);
  const endpoints = [
    ...ENDPOINTS.map(({ method, path }) => `${method.toUpperCase()} ${path.replace(/:\w+/g, 'x')}`),
    `GET ${OPENAPI_PATH}`,
    'GET /nowhere',
    'POST /',
    'GET /HEALTHZ',
    'GET /healthz/',
    'GET //healthz',
  ];

  it.each(endpoints.filter((endpoint) => !OPEN.has(endpoint)))('%s answers 401', async (endpoint) => {
    const [method = '', path = ''] = endpoint.split(' ');
    for (const headers of [{}, bearer('wrong'), bearer(ENV.LATE), { 'x-api-key': ENV.UPSTREAM_KEY }]) {
      const answer = await send(method, path, headers as Record<string, string>);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await answer.json()).toHaveProperty('error');
    }
  });

  it.each([...OPEN])('%s answers', async (endpoint) => {
    const [method = '', path = ''] = endpoint.split(' ');
    expect((await send(method, path)).status).toBe(200);
  });

  it('nothing reaches a model', () => {
    expect(upstream.received).toEqual([]);
  });
});

describe('a valid key', () => {
  it.each([
    ['Authorization: Bearer', { authorization: `Bearer ${ENV.ALICE}` }],
    ['authorization: bearer', { authorization: `bearer   ${ENV.ALICE}` }],
    ['x-api-key', { 'x-api-key': ENV.ALICE }],
    ['api-key', { 'api-key': ENV.ALICE }],
    ['one of two', { authorization: 'Bearer something-else', 'x-api-key': ENV.ALICE }],
  ])('is taken as %s, and never sent on', async (_, headers) => {
    const answer = await send('POST', '/v1/chat/completions', headers as Record<string, string>, chat);
    expect(answer.status).toBe(200);
    const [received] = upstream.received;
    expect(JSON.stringify([received?.headers, received?.body])).not.toContain(ENV.ALICE);
    expect(received?.headers.authorization).toBe(`Bearer ${ENV.UPSTREAM_KEY}`);
  });

  it('is known by its label, as decisions name it', async () => {
    const answer = await send('POST', '/v1/chat/completions', bearer(ENV.ALICE), chat);
    const id = answer.headers.get('x-router-decision-id') ?? '';
    const { decision } = (await (await send('GET', `/v1/decisions/${id}`, bearer(ENV.ALICE))).json()) as {
      decision: { api_key: string };
    };
    expect(decision.api_key).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each([
    ['POST', '/v1/chat/completions', ENV.SEER, chat, 403],
    ['GET', '/v1/stats', ENV.ALICE, undefined, 200],
    ['GET', '/v1/stats', ENV.SEER, undefined, 200],
    ['GET', '/v1/stats', ENV.OPS, undefined, 200],
    ['GET', '/metrics', ENV.ALICE, undefined, 403],
    ['GET', '/metrics', ENV.SEER, undefined, 200],
    ['GET', '/openapi.json', ENV.ALICE, undefined, 200],
    ['GET', '/v1/admin/keys', ENV.ALICE, undefined, 403],
    ['GET', '/v1/admin/keys', ENV.SEER, undefined, 403],
    ['GET', '/v1/admin/keys', ENV.OPS, undefined, 200],
    ['POST', '/v1/chat/completions', ENV.OPS, chat, 200],
  ])('%s %s by scope', async (method, path, key, body, status) => {
    expect((await send(method, path, bearer(key), body)).status).toBe(status);
  });

  it('lists the models that it may ask for', async () => {
    const ids = async (key: string) => {
      const { data } = (await (await send('GET', '/v1/models', bearer(key))).json()) as {
        data: { id: string }[];
      };
      return data.map(({ id }) => id);
    };
    expect(await ids(ENV.BOB)).toEqual(['auto', 'auto:simple', 'small']);
    expect(await ids(ENV.ALICE)).toEqual(expect.arrayContaining(['auto:complex', 'large']));
  });
});

describe('statistics', () => {
  it('of a key are its own, unless it reads everything', async () => {
    const requests = async (key: string): Promise<number> => {
      const stats = (await (await send('GET', '/v1/stats', bearer(key))).json()) as {
        total: { requests: number };
      };
      return stats.total.requests;
    };
    const before = [await requests(ENV.ALICE), await requests(ENV.BOB), await requests(ENV.SEER)];
    await send('POST', '/v1/chat/completions', bearer(ENV.ALICE), chat);
    const after = [await requests(ENV.ALICE), await requests(ENV.BOB), await requests(ENV.SEER)];
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 0, 1]);
    expect(before[2]).toBeGreaterThan(before[1] ?? 0);
  });
});

describe('what was decided for another key', () => {
  async function decided(key: string): Promise<string> {
    const answer = await send('POST', '/v1/chat/completions', bearer(key), chat);
    return answer.headers.get('x-router-decision-id') ?? '';
  }

  it('is unknown to a key, known to one that reads everything', async () => {
    const id = await decided(ENV.ALICE);
    for (const [key, status] of [
      [ENV.ALICE, 200],
      [ENV.BOB, 404],
      [ENV.SEER, 200],
      [ENV.OPS, 200],
    ] as const) {
      expect((await send('GET', `/v1/decisions/${id}`, bearer(key))).status).toBe(status);
    }
    const other = await send('GET', `/v1/decisions/${id}`, bearer(ENV.BOB));
    const none = await send('GET', '/v1/decisions/dec_none', bearer(ENV.BOB));
    expect(await other.json()).toEqual(await none.json());
  });

  it('cannot be judged nor its feedback taken back', async () => {
    const decision_id = await decided(ENV.ALICE);
    const judge = (key: string, body: object) =>
      send('POST', '/v1/feedback', bearer(key), { decision_id, ...body });
    expect((await judge(ENV.BOB, { rating: 'down' })).status).toBe(404);
    expect((await judge(ENV.ALICE, { rating: 'up' })).status).toBe(200);
    expect((await judge(ENV.BOB, { revoke: true })).status).toBe(404);
    expect((await judge(ENV.SEER, { revoke: true })).status).toBe(403);
    const { feedback } = (await (
      await send('GET', `/v1/decisions/${decision_id}`, bearer(ENV.ALICE))
    ).json()) as {
      feedback: unknown[];
    };
    expect(feedback).toHaveLength(1);
  });
});

describe('the official clients', () => {
  it('raise AuthenticationError and PermissionDeniedError', async () => {
    const openai = (apiKey: string) => new OpenAI({ baseURL: `${url()}/v1`, apiKey, maxRetries: 0 });
    const anthropic = (apiKey: string) => new Anthropic({ baseURL: url(), apiKey, maxRetries: 0 });
    const ask = { model: 'small', max_tokens: 5, messages };
    await expect(openai('wrong').chat.completions.create(chat)).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(openai(ENV.SEER).chat.completions.create(chat)).rejects.toThrow(
      OpenAI.PermissionDeniedError,
    );
    await expect(openai('wrong').responses.create({ model: 'small', input: 'hi' })).rejects.toThrow(
      OpenAI.AuthenticationError,
    );
    await expect(anthropic('wrong').messages.create(ask)).rejects.toThrow(Anthropic.AuthenticationError);
    await expect(anthropic(ENV.SEER).messages.create(ask)).rejects.toThrow(Anthropic.PermissionDeniedError);
    await expect(anthropic('wrong').messages.create(ask)).rejects.toMatchObject({
      error: { type: 'error', error: { type: 'authentication_error' } },
    });
    expect((await anthropic(ENV.ALICE).messages.create(ask)).content).toHaveLength(1);
    expect((await openai(ENV.ALICE).chat.completions.create(chat)).choices).toHaveLength(1);
  });
});

describe('keys by the operator’s endpoints', () => {
  const create = async (body: object) => {
    const answer = await send('POST', '/v1/admin/keys', bearer(ENV.OPS), body);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    return (await answer.json()) as { key: string; info: { id: string } };
  };
  const call = async (key: string) => (await send('POST', '/v1/chat/completions', bearer(key), chat)).status;

  it('are shown once, rotated with an overlap, and end at once', async () => {
    const old = await create({ name: 'search', team: 'web', requests_per_minute: 100 });
    const successor = await create({ name: 'search' });
    expect([await call(old.key), await call(successor.key)]).toEqual([200, 200]);
    const revoked = await send('DELETE', `/v1/admin/keys/${old.info.id}`, bearer(ENV.OPS));
    expect(await revoked.json()).toMatchObject({ id: old.info.id, revoked_at: expect.any(String) });
    expect([await call(old.key), await call(successor.key)]).toEqual([401, 200]);
    const listed = await (await send('GET', '/v1/admin/keys', bearer(ENV.OPS))).text();
    expect(listed).toContain(old.info.id);
    expect(listed).not.toContain(old.key);
    expect(listed).not.toContain('sha256');
  });

  it('expire', async () => {
    const past = await create({ name: 'old', expires_at: '2020-01-01T00:00:00Z' });
    const future = await create({ name: 'new', expires_at: '2120-01-01T00:00:00Z' });
    expect([await call(past.key), await call(future.key)]).toEqual([401, 200]);
  });

  it.each([
    [{}, 'name'],
    [{ name: 'a', scopes: ['root'] }, 'scopes'],
    [{ name: 'a', models: ['none-such'] }, 'models'],
    [{ name: 'a', requests_per_minute: 0 }, 'requests_per_minute'],
    [{ name: 'a', color: 'red' }, 'color'],
  ])('refuse %j', async (body, names) => {
    const answer = await send('POST', '/v1/admin/keys', bearer(ENV.OPS), body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await answer.json())).toContain(names);
  });

  it('say which label is unknown', async () => {
    expect((await send('DELETE', '/v1/admin/keys/none', bearer(ENV.OPS))).status).toBe(404);
  });
});

describe('a page in a browser', () => {
  const page = { origin: 'https://app.example.org' };
  const preflight = { ...page, 'access-control-request-method': 'POST' };

  it('gets nothing to go by unless its origin is configured', async () => {
    const answer = await send('POST', '/v1/chat/completions', { ...page, ...bearer(ENV.ALICE) }, chat);
    const asked = await send('OPTIONS', '/v1/chat/completions', preflight);
    expect(asked.status).toBe(405);
    for (const { headers } of [answer, asked]) {
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  it('may call from a configured origin, with a key', async () => {
    const open = await startRouter({ ...config(), server: { cors_origins: [page.origin] } }, ENV);
    const call = (method: string, headers: Record<string, string>) =>
      fetch(`${open.url}/v1/models`, { method, headers });
    const asked = await call('OPTIONS', { ...preflight, 'access-control-request-headers': 'authorization' });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-headers')).toBe('authorization');
    const answer = await call('GET', { ...page, ...bearer(ENV.ALICE) });
    expect(answer.headers.get('access-control-allow-origin')).toBe(page.origin);
    expect((await call('GET', page)).status).toBe(401);
    const other = await call('OPTIONS', { ...preflight, origin: 'https://evil.example' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    await open.close();
  });
});
