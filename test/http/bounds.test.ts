import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import { answers, type FakeUpstream, startUpstream } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

const price = (usd: number) => ({ input: usd, output: usd, as_of: '2026-11-01' });

let upstream: FakeUpstream;
let claude: FakeUpstream;
let router: TestRouter;

function config(over: ConfigInput = {}): ConfigInput {
  return {
    builtin_catalog: false,
    judge: { model: 'none' },
    providers: {
      up: { base_url: upstream.baseUrl },
      claude: { base_url: claude.baseUrl, dialect: 'anthropic-messages' },
    },
    models: [
      { id: 'small', provider: 'up', tier: 'simple', price: price(1) },
      { id: 'claude-middle', provider: 'claude', tier: 'moderate', price: price(10) },
      { id: 'large', provider: 'up', tier: 'complex', price: price(100) },
    ],
    ...over,
  };
}

beforeAll(async () => {
  upstream = await startUpstream();
  claude = await startUpstream();
  router = await startRouter(config());
});
afterEach(() => {
  upstream.reset();
  claude.reset();
});
afterAll(async () => {
  await router.close();
  await Promise.all([upstream.close(), claude.close()]);
});

const PROMPT = 'What is the capital of Peru?';
const chat = (over: object = {}) => ({
  model: 'auto',
  messages: [{ role: 'user', content: PROMPT }],
  ...over,
});

describe('bounds by header', () => {
  it('that yield to the safety floor are named as such', async () => {
    const guarded = await startRouter(config({ policy: { safety_floor: { tier: 'moderate' } } }));
    const body = chat({
      messages: [{ role: 'user', content: 'Which dosage of ibuprofen may my son take?' }],
    });
    const answer = await guarded.post('/v1/chat/completions', body, { 'x-router-max-tier': 'simple' });
    expect(answer.headers.get('x-router-model')).toBe('claude-middle');
    expect(answer.headers.get('x-router-bounds')).toBe(
      'at least moderate (safety floor: medical), not kept: at most simple (x-router-max-tier)',
    );
    await guarded.close();
  });

  it('move the tier, say so in the answer and in the record', async () => {
    const answer = await router.post('/v1/chat/completions', chat(), { 'x-router-min-tier': 'complex' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-router-tier')).toBe('complex');
    expect(answer.headers.get('x-router-model')).toBe('large');
    expect(answer.headers.get('x-router-bounds')).toBe('at least complex (x-router-min-tier)');
    expect(answer.headers.get('x-router-moved-from')).toBe('simple');
    const id = answer.headers.get('x-router-decision-id');
    const { decision } = (await (await router.get(`/v1/decisions/${id}`)).json()) as { decision: object };
    expect(decision).toMatchObject({
      tier: 'complex',
      bounds: { min_tier: 'complex', moved_from: 'simple', from: ['at least complex (x-router-min-tier)'] },
    });
  });

  it('leave an answer without them without their headers', async () => {
    const answer = await router.post('/v1/chat/completions', chat());
    for (const name of ['bounds', 'moved-from', 'batch-eligible']) {
      expect(answer.headers.get(`x-router-${name}`)).toBeNull();
    }
  });

  it.each([
    ['x-router-max-tier', 'simple', 'small'],
    ['x-router-max-cost-usd', '0.003', 'small'],
    ['x-router-min-tier', 'moderate', 'claude-middle'],
  ])('go before the model that a session stays with: %s', async (name, value, model) => {
    const session = { 'x-router-session': `stays-${name}` };
    const before =
      name === 'x-router-min-tier' ? { 'x-router-max-tier': 'simple' } : { 'x-router-min-tier': 'complex' };
    const long = chat({ messages: [{ role: 'user', content: `${'background '.repeat(300)}\n${PROMPT}` }] });
    await router.post('/v1/chat/completions', long, { ...session, ...before });
    const answer = await router.post('/v1/chat/completions', long, { ...session, [name]: value });
    expect(answer.headers.get('x-router-model')).toBe(model);
  });

  it('stop an escalation at the highest tier', async () => {
    const validators = { yes: { type: 'regex' as const, pattern: '^yes$' } };
    const routes = [{ name: 'r', match: { path: '/v1/*' }, tier: 'simple' as const, validators: ['yes'] }];
    const strict = await startRouter(config({ validators, routes }));
    const answer = await strict.post('/v1/chat/completions', chat(), { 'x-router-max-tier': 'simple' });
    expect(answer.headers.get('x-router-model')).toBe('small');
    expect(upstream.received).toHaveLength(1);
    expect(claude.received).toHaveLength(0);
    await strict.close();
  });

  it.each([
    ['/v1/chat/completions', chat(), { error: { param: 'x-router-quality', type: 'invalid_request_error' } }],
    [
      '/v1/messages',
      { ...chat(), max_tokens: 10 },
      { type: 'error', error: { type: 'invalid_request_error' } },
    ],
    ['/v1/responses', { model: 'auto', input: PROMPT }, { error: { param: 'x-router-quality' } }],
    ['/v1/route', { prompt: PROMPT }, { error: { param: 'x-router-quality' } }],
    ['/v1/classify', { prompt: PROMPT }, { error: { param: 'x-router-quality' } }],
  ])('that are malformed are a 400 in the dialect of %s', async (path, body, shape) => {
    const answer = await router.post(path, body, { 'x-router-quality': 'best' });
    expect(answer.status).toBe(400);
    const error = (await answer.json()) as { error: { message: string } };
    expect(error).toMatchObject(shape);
    expect(error.error.message).toBe('x-router-quality: "best" is not valid; allowed: a number from 0 to 1.');
    expect(upstream.received).toHaveLength(0);
  });

  it('that no model fits are a 400 that names the cheapest estimate', async () => {
    const answer = await router.post('/v1/chat/completions', chat(), { 'x-router-max-cost-usd': '0.000001' });
    expect(answer.status).toBe(400);
    const { error } = (await answer.json()) as { error: { message: string; param: string } };
    expect(error.message).toMatch(/the cheapest possible estimate is \$0\.000\d+ \(small\)/);
    expect(error.param).toBe('x-router-max-cost-usd');
    const soft = { 'x-router-max-cost-usd': '0.000001', 'x-router-max-cost-soft': 'true' };
    const cheap = await router.post('/v1/chat/completions', chat(), soft);
    expect(cheap.headers.get('x-router-model')).toBe('small');
  });
});

describe('bounds by metadata', () => {
  it('work through the official clients, and no upstream sees them', async () => {
    const openai = new OpenAI({ baseURL: `${router.url}/v1`, apiKey: 'unused', maxRetries: 0 });
    const metadata = { router_min_tier: 'complex', team: 'a' };
    const asked = openai.chat.completions.create({
      model: 'auto',
      messages: [{ role: 'user', content: PROMPT }],
      metadata,
    });
    const { response } = await asked.withResponse();
    expect(response.headers.get('x-router-model')).toBe('large');
    expect(response.headers.get('x-router-bounds')).toBe('at least complex (metadata.router_min_tier)');
    expect(upstream.received[0]?.body).toEqual({
      model: 'large',
      messages: [{ role: 'user', content: PROMPT }],
      metadata: { team: 'a' },
    });
  });

  it('leave no empty metadata behind, which some upstreams refuse', async () => {
    const anthropic = new Anthropic({ baseURL: router.url, apiKey: 'unused', maxRetries: 0 });
    await anthropic.messages.create({
      model: 'auto',
      max_tokens: 50,
      messages: [{ role: 'user', content: PROMPT }],
      metadata: { router_min_tier: 'moderate', router_max_tier: 'moderate' } as object,
    });
    expect(claude.received[0]?.body).toEqual({
      model: 'claude-middle',
      max_tokens: 50,
      messages: [{ role: 'user', content: PROMPT }],
    });
  });
});

describe('a dry run', () => {
  it('shows what the bounds do, by header for all and by metadata for one', async () => {
    const bounded = { prompt: PROMPT, metadata: { router_max_cost_usd: '0.003' } };
    const answer = await router.post('/v1/classify', bounded, { 'x-router-min-tier': 'simple' });
    expect(await answer.json()).toMatchObject({
      tier: 'simple',
      bounds: {
        max_cost_usd: 0.003,
        from: ['at least simple (x-router-min-tier)', 'cost at most $0.003 (metadata.router_max_cost_usd)'],
      },
      plan: {
        candidates: [{ model: 'small', estimated_cost_usd: expect.any(Number) }],
        excluded: [
          { model: 'claude-middle', reason: expect.stringContaining('ceiling is $0.003') },
          { model: 'large', reason: expect.stringContaining('ceiling is $0.003') },
        ],
      },
    });
    const inputs = [{ prompt: PROMPT, metadata: { router_min_tier: 'complex' } }, { prompt: PROMPT }];
    const { results } = (await (await router.post('/v1/classify', { inputs })).json()) as {
      results: object[];
    };
    expect(results).toMatchObject([
      { tier: 'complex', bounds: { moved_from: 'simple' } },
      { tier: 'simple' },
    ]);
    expect(results[1]).not.toHaveProperty('bounds');
  });
});

describe('a request that can wait', () => {
  it.each([
    ['header', {}, { 'x-router-batch-eligible': 'true' }],
    ['metadata', { metadata: { router_batch_eligible: 'true' } }, {}],
  ])('is marked by %s, in its answer and its record', async (_, body, headers) => {
    const answer = await router.post('/v1/chat/completions', chat(body), headers);
    expect(answer.headers.get('x-router-batch-eligible')).toBe('true');
    const id = answer.headers.get('x-router-decision-id');
    const stored = (await (await router.get(`/v1/decisions/${id}`)).json()) as { decision: object };
    expect(stored.decision).toMatchObject({ batch_eligible: true });
  });
});

describe('the policy', () => {
  it('routes clients with hard-coded models by its aliases', async () => {
    const aliased = await startRouter(
      config({ policy: { model_aliases: { 'claude-*-haiku-*': 'auto:simple' } } }),
    );
    const anthropic = new Anthropic({ baseURL: aliased.url, apiKey: 'unused', maxRetries: 0 });
    upstream.next(answers('Lima'));
    const { data, response } = await anthropic.messages
      .create({
        model: 'claude-3-5-haiku-latest',
        max_tokens: 50,
        messages: [{ role: 'user', content: PROMPT }],
      })
      .withResponse();
    expect(data.content).toMatchObject([{ type: 'text', text: 'Lima' }]);
    expect(response.headers.get('x-router-model')).toBe('small');
    expect(response.headers.get('x-router-source')).toBe('static');
    await aliased.close();
  });

  it('leaves the part of the traffic alone that is not rolled out, and counts it apart', async () => {
    const rolling = await startRouter(config({ policy: { rollout: { share: 0.5, otherwise: 'large' } } }));
    const sources = new Map<string, Set<string | null>>();
    for (let index = 0; index < 40; index++) {
      const session = `s-${index % 20}`;
      const answer = await rolling.post('/v1/chat/completions', chat(), { 'x-router-session': session });
      const seen = sources.get(session) ?? new Set();
      sources.set(session, seen.add(answer.headers.get('x-router-source')));
    }
    expect([...sources.values()].every((seen) => seen.size === 1)).toBe(true);
    const { by_source: bySource } = (await (await rolling.get('/v1/stats')).json()) as {
      by_source: Record<string, number>;
    };
    expect(bySource.rollout).toBeGreaterThan(0);
    expect(bySource.rollout).toBeLessThan(40);
    await rolling.close();
  });

  it('sends types of task where its table says, with a default route last', async () => {
    const routes = [
      {
        name: 'labels',
        match: { task: ['classification', 'Extraction'] },
        tier: 'simple' as const,
        max_output_tokens: 20,
      },
      { name: 'audits', match: { task: 'security-audit' }, model: 'large' },
      { name: 'rest', match: { path: '/*' }, tier: 'moderate' as const },
    ];
    const table = await startRouter(config({ routes }));
    const model = async (body: object, headers = {}) =>
      (await table.post('/v1/chat/completions', chat(body), headers)).headers.get('x-router-model');
    expect(await model({ metadata: { task: 'extraction' } })).toBe('small');
    expect(upstream.received[0]?.body).toMatchObject({
      max_completion_tokens: 20,
      metadata: { task: 'extraction' },
    });
    expect(await model({ metadata: { router_task: 'security-audit' } })).toBe('large');
    expect(upstream.received[1]?.body).not.toHaveProperty('metadata');
    expect(await model({}, { 'x-router-task': 'Classification' })).toBe('small');
    expect(await model({})).toBe('claude-middle');
    await table.close();
  });
});
