import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import { DIALECT_IDS, type DialectId } from '../../src/core/chat.ts';
import {
  answers,
  breaksOff,
  createGate,
  type FakeUpstream,
  fails,
  rateLimited,
  stalls,
  startUpstream,
} from '../fakes/upstream.ts';
import { answerFrames } from '../fakes/wire-answers.ts';
import { startRouter, type TestRouter } from './harness.ts';

let upstream: FakeUpstream;
let router: TestRouter;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  upstream.reset();
  await router.close();
});

type ProviderInput = NonNullable<ConfigInput['providers']>[string];

interface Scene {
  readonly provider?: Partial<ProviderInput>;
  readonly execution?: ConfigInput['execution'];
  readonly config?: Partial<ConfigInput>;
  readonly env?: Record<string, string>;
}

async function open({ provider, execution, config, env = {} }: Scene = {}): Promise<void> {
  router = await startRouter(
    {
      builtin_catalog: false,
      judge: { model: 'none' },
      classifier: { bundle: 'no-such-bundle' },
      providers: { acme: { base_url: upstream.baseUrl, ...provider } },
      models: [{ id: 'small', provider: 'acme', tier: 'simple' }],
      execution: { retries: 0, ...execution },
      ...config,
    },
    env,
  );
}

const PATHS: Readonly<Record<DialectId, string>> = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
};

function post(over: object = {}, init: { signal?: AbortSignal; path?: string } = {}): Promise<Response> {
  const { path = '/v1/chat/completions', ...rest } = init;
  return fetch(router.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'auto:simple', messages: [{ role: 'user', content: 'hi' }], ...over }),
    ...rest,
  });
}

interface Ready {
  readonly status: string;
  readonly checks: Record<string, string>;
  readonly notes?: Record<string, string>;
  readonly providers: readonly {
    readonly provider: string;
    readonly callable: boolean;
    readonly breaker: string;
    readonly in_flight: number;
    readonly queued: number;
    readonly keys: readonly { readonly key: number; readonly cooling: readonly object[] }[];
  }[];
}

async function ready(): Promise<{ code: number; body: Ready }> {
  const answer = await router.get('/readyz');
  return { code: answer.status, body: (await answer.json()) as Ready };
}

const metrics = async (): Promise<string> => (await router.get('/metrics')).text();

describe('the state of the upstreams', () => {
  it('is in readyz and metrics: a breaker that opened, since when and why; and nothing can be called', async () => {
    await open({ execution: { breaker_failures: 2 } });
    upstream.otherwise(() => fails(500));
    expect((await ready()).body.providers).toMatchObject([
      { provider: 'acme', callable: true, breaker: 'closed', in_flight: 0, queued: 0, keys: [] },
    ]);
    for (let turn = 0; turn < 2; turn++) await post();
    const { code, body } = await ready();
    expect(code).toBe(503);
    expect(body.checks.providers).toBe('none can be called: acme');
    expect(body.providers).toMatchObject([
      {
        callable: false,
        breaker: 'open',
        since: expect.stringMatching(/^\d{4}-/),
        retry_at: expect.stringMatching(/^\d{4}-/),
        last_error: { code: 'upstream_error' },
      },
    ]);
    const text = await metrics();
    expect(text).toContain('llm_router_provider_breaker_state{provider="acme",state="open"} 1');
    expect(text).toContain('llm_router_provider_breaker_state{provider="acme",state="closed"} 0');
    expect(text).toContain('llm_router_provider_callable{provider="acme"} 0');
    expect(text).toMatch(
      /llm_router_provider_last_error_seconds\{provider="acme",code="upstream_error"\} \d/,
    );
  });

  it('stays ready while one of them can be called, of whatever tier, and names the open ones', async () => {
    await open({
      execution: { breaker_failures: 1 },
      config: {
        providers: { acme: { base_url: upstream.baseUrl }, other: { base_url: upstream.baseUrl } },
        models: [
          { id: 'small', provider: 'acme', tier: 'simple' },
          { id: 'large', provider: 'other', tier: 'complex' },
        ],
      },
    });
    upstream.otherwise(({ body }) => (body.model === 'small' ? fails(500) : answers('ok')));
    await post();
    const { code, body } = await ready();
    expect([code, body.status]).toEqual([200, 'ready']);
    expect(body.notes?.providers).toMatch(/^acme open since \S+ \(upstream_error\)$/);
  });

  it('is ready again once the open breaker would let a call try, which is how it heals', async () => {
    await open({ execution: { breaker_failures: 1, breaker_cooldown_ms: 50 } });
    upstream.next(fails(500));
    await post();
    await expect.poll(async () => (await ready()).body.providers[0]?.breaker).toBe('half_open');
    expect((await ready()).code).toBe(200);
    expect((await post()).status).toBe(200);
    expect((await ready()).body.providers[0]?.breaker).toBe('closed');
  });
});

describe('all upstreams down', () => {
  it.each(DIALECT_IDS)(
    'is a 503 with Retry-After for %s, without a call once the breaker is open',
    async (id) => {
      await open({ execution: { breaker_failures: 1 } });
      upstream.next(fails(500));
      await post();
      const said = id === 'openai-responses' ? { input: 'hi' } : { max_tokens: 9 };
      for (const stream of [false, true]) {
        const answer = await post({ ...said, stream }, { path: PATHS[id] });
        expect(answer.status).toBe(503);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        const { error } = (await answer.json()) as { error: { type: string; code?: string } };
        expect(error).toMatchObject(
          id === 'anthropic-messages'
            ? { type: 'overloaded_error' }
            : { type: 'server_error', code: 'overloaded' },
        );
      }
      expect(upstream.received).toHaveLength(1);
    },
  );
});

describe('a pool of keys', () => {
  const pool = { provider: { key_env: ['KEY_A', 'KEY_B'] }, env: { KEY_A: 'secret-a', KEY_B: 'secret-b' } };
  const keysSent = (): unknown[] => upstream.received.map(({ headers }) => headers.authorization);

  it('goes on with its next key where one is limited, without waiting, and tells each call', async () => {
    await open(pool);
    upstream.otherwise(({ headers }) =>
      headers.authorization === 'Bearer secret-a' ? rateLimited(60) : answers('ok'),
    );
    const answer = await post();
    expect(answer.status).toBe(200);
    await post();
    expect(keysSent()).toEqual(['Bearer secret-a', 'Bearer secret-b', 'Bearer secret-b']);
    const shown = await router.get(`/v1/decisions/${answer.headers.get('x-router-decision-id')}`);
    const { outcome } = (await shown.json()) as { outcome: { attempts: { status: string }[] } };
    expect(outcome.attempts.map(({ status }) => status)).toEqual(['failed', 'ok']);
    const { body } = await ready();
    expect(body.providers[0]?.keys).toMatchObject([
      { key: 1, cooling: [{ model: 'small', code: 'upstream_rate_limited' }] },
      { key: 2, cooling: [] },
    ]);
    const everything = [await metrics(), JSON.stringify([body, outcome, router.log])].join();
    expect(everything).toContain(
      'llm_router_provider_key_cooling_seconds{provider="acme",key="1",model="small"}',
    );
    expect(everything).not.toContain('secret-');
  });

  it('stays within the calls that a request may make', async () => {
    await open({ ...pool, execution: { max_calls: 1 } });
    upstream.otherwise(() => fails(401));
    expect((await post()).status).toBe(502);
    expect(keysSent()).toEqual(['Bearer secret-a']);
  });

  it('says when to come back where all of them rest', async () => {
    await open(pool);
    upstream.otherwise(() => rateLimited(40));
    expect((await post()).status).toBe(429);
    const answer = await post();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '40']);
    expect(upstream.received).toHaveLength(2);
  });
});

describe('a bounded line', () => {
  it('answers overloaded with Retry-After where it is full', async () => {
    await open({ provider: { max_concurrent: 1, max_queued: 1 } });
    const gone = new AbortController();
    upstream.otherwise(() => stalls());
    const waiting = [1, 2].map(() => post({}, { signal: gone.signal }).catch(() => {}));
    await expect
      .poll(async () => (await ready()).body.providers[0])
      .toMatchObject({ in_flight: 1, queued: 1 });
    const answer = await post();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(upstream.received).toHaveLength(1);
    gone.abort();
    await Promise.all(waiting);
  });
});

/** Resolves once nothing is in flight and nothing waits at the only upstream. */
function idle(): Promise<void> {
  return expect
    .poll(async () => (await ready()).body.providers[0])
    .toMatchObject({ in_flight: 0, queued: 0 });
}

/** How long a condition may take to come about on a busy machine. */
const PATIENCE = { timeout: 20_000 };

describe('a client that goes away', () => {
  it('leaves the line', async () => {
    await open({ provider: { max_concurrent: 1 } });
    const [holder, client] = [new AbortController(), new AbortController()];
    upstream.otherwise(() => stalls());
    const call = ({ signal }: AbortController) => post({}, { signal }).catch(() => {});
    const held = call(holder);
    await expect.poll(() => upstream.received.length, PATIENCE).toBe(1);
    const queued = call(client);
    await expect.poll(async () => (await ready()).body.providers[0]?.queued, PATIENCE).toBe(1);
    client.abort();
    await expect.poll(async () => (await ready()).body.providers[0]?.queued, PATIENCE).toBe(0);
    holder.abort();
    await Promise.all([held, queued]);
    await idle();
    expect(upstream.received).toHaveLength(1);
    const recorded = async (): Promise<readonly unknown[]> => {
      const costs: unknown[] = [];
      for await (const { outcome } of router.router.store.decisions({ from: 0, to: Number.MAX_SAFE_INTEGER }))
        costs.push([outcome?.status, outcome?.costUsd]);
      return costs.sort();
    };
    // Nothing was sent for the one in line; what the other cost nobody knows.
    await expect.poll(recorded, PATIENCE).toEqual([
      ['cancelled', null],
      ['cancelled', 0],
    ]);
  });

  it('ends the wait before a retry', async () => {
    await open({ execution: { retries: 3 } });
    upstream.otherwise(() => rateLimited(2));
    const client = new AbortController();
    const call = post({}, { signal: client.signal }).catch(() => {});
    await upstream.request(1);
    client.abort();
    await call;
    await expect.poll(() => router.log.some(({ fields }) => fields.status === 'cancelled')).toBe(true);
    expect(upstream.received).toHaveLength(1);
  });

  it.each(['buffered', 'prefix', 'direct'] as const)('closes a stream upstream (%s)', async (commit) => {
    await open({ execution: { commit } });
    upstream.next(breaksOff('one two three', commit === 'direct' ? 3 : 2, 'stall'));
    const client = new AbortController();
    const call = post({ stream: true }, { signal: client.signal }).catch(() => {});
    const { hungUp } = await upstream.request(1);
    if (commit === 'direct') await call;
    client.abort();
    expect(await hungUp).toBe(true);
    await idle();
  });
});

describe('the first words of a stream', () => {
  it('reach the client before the upstream has said more', async () => {
    await open();
    const more = createGate();
    const [opening = '', first = '', ...rest] = answerFrames('openai-chat', 'one two three');
    upstream.next(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(opening + first);
      await more.opened;
      response.end(rest.join(''));
    });
    const reader = (await post({ stream: true })).body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toContain('"one ');
    more.open();
    await reader?.cancel();
  });
});

describe('a client that does not read', () => {
  const PIECE = 64 * 1024;
  const PIECES = 2_000;

  it('holds the upstream back, so that little of its answer is in memory', async () => {
    await open();
    let written = 0;
    const full = createGate();
    upstream.next(async (request, response) => {
      const [opening = ''] = answerFrames(request.dialect, 'x');
      const delta = { choices: [{ index: 0, delta: { content: 'x'.repeat(PIECE) } }] };
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(opening);
      for (let piece = 0; piece < PIECES && !response.destroyed; piece++) {
        const room = response.write(`data: ${JSON.stringify(delta)}\n\n`);
        written += PIECE;
        if (room) continue;
        const stuck = setTimeout(full.open, 300);
        await new Promise((on) => response.once('drain', on).once('close', on));
        clearTimeout(stuck);
      }
      full.open();
    });
    const client = httpRequest(`${router.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    client.on('error', () => {});
    client.end(JSON.stringify({ model: 'small', stream: true, messages: [{ role: 'user', content: 'hi' }] }));
    await new Promise((begun) => client.once('response', (response) => begun(response.pause())));
    await full.opened;
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan((PIECE * PIECES) / 4);
    client.destroy();
    await idle();
  });
});
