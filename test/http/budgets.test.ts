import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import { answers, createGate, type FakeUpstream, after as once, startUpstream } from '../fakes/upstream.ts';
import { moneyConfig } from '../fixtures/money-config.ts';
import { startRouter, type TestRouter } from './harness.ts';

const KEYS = {
  CAPPED: 'sk-router-capped-0123456789abcdef',
  BATCH: 'sk-router-batch-0123456789abcdef',
  ADMIN: 'sk-router-admin-0123456789abcdef',
  EXPERT: 'sk-router-expert-0123456789abcdef',
};

let upstream: FakeUpstream;
let router: TestRouter;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterEach(async () => {
  await router.close();
  upstream.reset();
});
afterAll(() => upstream.close());

async function start(budgets: ConfigInput['budgets'], store = ':memory:'): Promise<void> {
  const access: ConfigInput['access'] = {
    keys: [
      { name: 'batch', key_env: 'BATCH', team: 'search' },
      { name: 'capped', key_env: 'CAPPED', budget_month_usd: 0.004 },
      { name: 'admin', key_env: 'ADMIN', scopes: ['admin'] },
      { name: 'expert', key_env: 'EXPERT', tiers: ['complex'] },
    ],
  };
  const now = Date.UTC(2026, 0, 15, 12);
  router = await startRouter(
    moneyConfig(upstream.baseUrl, { access, budgets }),
    { ...KEYS, ROUTER_STORE: store },
    {
      clock: { now: () => now, monotonic: () => performance.now() },
    },
  );
}

const BODY = { model: 'auto:simple', messages: [{ role: 'user', content: 'hello' }] };
const as = (key: keyof typeof KEYS) => ({ authorization: `Bearer ${KEYS[key]}` });
const ask = (over: object = {}, key: keyof typeof KEYS = 'BATCH') =>
  router.post('/v1/chat/completions', { ...BODY, ...over }, as(key));

/** How long a condition may take to come about on a busy machine. */
const PATIENCE = { timeout: 20_000 };

/** Costs 0.0045 USD at the small model. */
const DEAR = { usage: { input: 10_000, output: 10_000 } };

describe('a hard budget', () => {
  it.each([
    ['a key', { keys: { batch: { day: { hard: 0.004 } } } }],
    ['a team', { teams: { search: { month: { hard: 0.004 } } } }],
    ['everybody', { global: { day: { hard: 0.004 } } }],
  ])('of %s refuses what comes once it is spent, with the time until the next', async (_, budgets) => {
    await start(budgets);
    upstream.next(answers('ok', DEAR));
    expect((await ask()).status).toBe(200);
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(Object.fromEntries(refused.headers)).toMatchObject({ 'x-should-retry': 'false' });
    const left = Number(refused.headers.get('retry-after'));
    expect([12 * 3_600, 16.5 * 86_400]).toContain(left);
    expect(await refused.json()).toMatchObject({ error: { code: 'insufficient_quota' } });
    expect(upstream.received).toHaveLength(1);
  });

  it('that a key brings itself binds it', async () => {
    await start({});
    upstream.next(answers('ok', DEAR));
    expect((await ask({}, 'CAPPED')).status).toBe(200);
    expect((await ask({}, 'CAPPED')).status).toBe(429);
    expect((await ask()).status).toBe(200);
  });

  it('binds nobody else', async () => {
    await start({ keys: { batch: { day: { hard: 0 } } } });
    expect((await ask()).status).toBe(429);
    expect((await ask({}, 'ADMIN')).status).toBe(200);
  });

  it('is not passed by a hundred requests at once', async () => {
    await start({ global: { day: { hard: 0.001 } } });
    const gate = createGate();
    upstream.otherwise(() => once(gate.opened, answers('ok', { usage: { input: 100, output: 400 } })));
    const requests = Array.from({ length: 100 }, () => ask({ max_tokens: 400 }));
    const refused = vi.fn();
    for (const request of requests) request.then((response) => response.status === 429 && refused());
    await vi.waitFor(() => expect(refused.mock.calls.length + upstream.received.length).toBe(100), PATIENCE);
    gate.open();
    const statuses = (await Promise.all(requests)).map(({ status }) => status);
    const passed = statuses.filter((status) => status === 200).length;
    expect(passed).toBeGreaterThan(0);
    expect(passed * 165e-6).toBeLessThanOrEqual(0.001 + 165e-6);
    expect(upstream.received).toHaveLength(passed);
  }, 30_000);

  it('counts streams when they end, and what is unknown by its estimate', async () => {
    await start({ global: { day: { hard: 0.000_3 } } });
    upstream.otherwise(() => answers('one two', { usage: null }));
    await (await ask({ stream: true })).text();
    await vi.waitFor(async () => {
      const response = await ask({ stream: true });
      await response.text();
      expect(response.status).toBe(429);
    }, PATIENCE);
  }, 30_000);

  it('goes on where it stood after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'router-budgets-'));
    const budgets = { keys: { batch: { day: { hard: 0.004 } } } };
    await start(budgets, join(folder, 'router.db'));
    upstream.next(answers('ok', DEAR));
    expect((await ask()).status).toBe(200);
    await router.close();
    await start(budgets, join(folder, 'router.db'));
    expect((await ask()).status).toBe(429);
    rmSync(folder, { recursive: true, force: true });
  });

  it('is spent by dry runs too, whose judge is paid', async () => {
    await start({ global: { day: { hard: 0.000_1 } } });
    upstream.otherwise(() => answers('complex', { usage: { input: 1_000, output: 1 } }));
    const dryRun = (prompt: string) => router.post('/v1/classify', { prompt }, as('BATCH'));
    expect((await dryRun('Is this hard?')).status).toBe(200);
    expect((await dryRun('And is this?')).status).toBe(429);
    expect((await ask()).status).toBe(429);
  });

  it('is told to the official clients so that they do not try again', async () => {
    await start({ keys: { batch: { day: { hard: 0 } } } });
    const openai = new OpenAI({ baseURL: `${router.url}/v1`, apiKey: KEYS.BATCH, maxRetries: 3 });
    const error = await openai.chat.completions
      .create({ ...BODY, messages: [{ role: 'user', content: 'hello' }] })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ code: 'insufficient_quota' });
    const anthropic = new Anthropic({ baseURL: router.url, apiKey: KEYS.BATCH, maxRetries: 3 });
    await expect(
      anthropic.messages.create({
        model: 'auto',
        max_tokens: 10,
        messages: [{ role: 'user', content: 'hello' }],
      }),
    ).rejects.toBeInstanceOf(Anthropic.RateLimitError);
    const text = await (await fetch(`${router.url}/metrics`, { headers: as('ADMIN') })).text();
    expect(text).toContain('llm_router_budget_limits_total{level="hard",scope="key batch"} 2');
  });
});

describe('a soft budget', () => {
  it('warns in the header, the log and the metrics, and answers', async () => {
    await start({ keys: { batch: { day: { soft: 0.004, hard: 1 } } } });
    upstream.next(answers('ok', DEAR));
    expect((await ask()).headers.get('x-router-budget')).toBe('soft key batch day 0.0045 of 0.004 USD');
    const second = await ask();
    expect(second.status).toBe(200);
    expect(second.headers.get('x-router-budget')).toMatch(/^soft key batch day /);
    expect(router.log.filter(({ message }) => message.includes('soft limit'))).toHaveLength(1);
    expect((await ask({}, 'ADMIN')).headers.get('x-router-budget')).toBeNull();
  });

  it('caps the tier of routed requests where it is to, and of no pinned one', async () => {
    await start({ global: { day: { soft: 0 } }, on_soft: 'cheaper', soft_max_tier: 'simple' });
    upstream.otherwise(({ body }) => answers(body.model === 'tiny' ? 'complex' : 'ok'));
    const routed = await ask({ model: 'auto' });
    expect(routed.headers.get('x-router-tier')).toBe('simple');
    const { decision } = (await (
      await fetch(`${router.url}/v1/decisions/${routed.headers.get('x-router-decision-id')}`, {
        headers: as('ADMIN'),
      })
    ).json()) as { decision: { reasons: string[] } };
    expect(decision.reasons.join('\n')).toContain('a budget past its soft limit');
    expect((await ask({ model: 'large' })).headers.get('x-router-model')).toBe('large');
  });

  it('refuses nobody: its cap yields where no model within it may answer', async () => {
    await start({ global: { day: { soft: 0 } }, on_soft: 'cheaper', soft_max_tier: 'simple' });
    const answer = await ask({ model: 'auto' }, 'EXPERT');
    expect([answer.status, answer.headers.get('x-router-model')]).toEqual([200, 'large']);
    const id = answer.headers.get('x-router-decision-id');
    const seen = await fetch(`${router.url}/v1/decisions/${id}`, { headers: as('ADMIN') });
    expect(await seen.text()).toContain('the cap at simple (a budget past its soft limit) yields');
  });
});
