import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import { isTier } from '../../src/core/tier.ts';
import { classificationOf, createFakeClassifier } from '../fakes/classifier.ts';
import { answers, type FakeUpstream, fails, startUpstream, streams } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

const READER = createFakeClassifier((text) => {
  const tier = /\[(\w+)\]/.exec(text)?.[1];
  return classificationOf(isTier(tier) ? tier : 'moderate', 0.99);
});
const SYSTEM = { role: 'system', content: 'You are a guide. '.repeat(14_000) };
const HARD = { role: 'user', content: '[complex] design it' };
const EASY = { role: 'user', content: '[simple] rename it' };
const OK = { role: 'assistant', content: 'ok' };

let upstream: FakeUpstream;
let routers: TestRouter[] = [];

beforeAll(async () => {
  upstream = await startUpstream();
});
afterEach(async () => {
  upstream.reset();
  for (const router of routers) await router.close();
  routers = [];
});
afterAll(() => upstream.close());

function config(over: ConfigInput = {}): ConfigInput {
  const price = (input: number) => ({
    input,
    cached_input: input / 10,
    output: input * 4,
    as_of: '2026-11-01',
  });
  return {
    builtin_catalog: false,
    judge: { model: 'none' },
    providers: {
      chat: { base_url: upstream.baseUrl },
      claude: { base_url: upstream.baseUrl, dialect: 'anthropic-messages' },
    },
    models: [
      { id: 'small', provider: 'chat', tier: 'simple', price: price(1) },
      { id: 'large', provider: 'chat', tier: 'complex', price: price(3) },
      { id: 'opus', provider: 'claude', tier: 'complex', price: price(30) },
      { id: 'haiku', provider: 'claude', tier: 'moderate', price: price(5) },
    ],
    ...over,
  };
}

async function start(store: string, over: ConfigInput = {}): Promise<TestRouter> {
  const router = await startRouter(
    config(over),
    { ROUTER_STORE: store },
    { openClassifier: async () => READER },
  );
  routers.push(router);
  upstream.otherwise(() => answers('ok', { usage: { input: 60_000, output: 20 } }));
  return router;
}

const model = (response: Response): string | null => response.headers.get('x-router-model');

describe('a session over HTTP', () => {
  it('goes on after a restart where the caller names it', async () => {
    const store = join(mkdtempSync(join(tmpdir(), 'llm-router-')), 'store.db');
    const named = { 'x-router-session': 'one' };
    const first = await start(store);
    const talk = (router: TestRouter, messages: readonly object[], headers: Record<string, string>) =>
      router.post('/v1/chat/completions', { model: 'auto', messages: [SYSTEM, ...messages] }, headers);
    expect(model(await talk(first, [HARD], named))).toBe('large');
    await first.close();
    routers = [];

    const second = await start(store);
    expect(model(await talk(second, [HARD, OK, EASY], {}))).toBe('small');
    expect(model(await talk(second, [HARD, OK, EASY], { 'x-router-session': 'two' }))).toBe('small');
    expect(model(await talk(second, [HARD, OK, EASY], named))).toBe('large');
  });

  it('shows in a dry run what would be kept', async () => {
    const router = await start(':memory:');
    await router.post('/v1/chat/completions', { model: 'auto', messages: [SYSTEM, HARD] });
    const dry = await router.post('/v1/classify', { messages: [SYSTEM, HARD, OK, EASY] });
    const { tier, plan, reasons } = (await dry.json()) as {
      tier: string;
      plan: { candidates: { model: string; estimated_cost_usd: number }[] };
      reasons: string[];
    };
    expect(tier).toBe('simple');
    expect(plan.candidates[0]?.model).toBe('large');
    expect(plan.candidates[0]?.estimated_cost_usd).toBeLessThan(0.03);
    expect(reasons.join('\n')).toContain('keeps large: its cache of ');
  });
});

describe('a kept model over HTTP', () => {
  const CHECKED: ConfigInput = {
    validators: { json: { type: 'json' } },
    routes: [{ name: 'all', match: { path: '/v1/*' }, validators: ['json'] }],
  };

  it('whose answer fails a validator is not followed by a lower tier, whose failure is', async () => {
    const router = await start(':memory:', CHECKED);
    const ask = (messages: readonly object[]) =>
      router.post('/v1/chat/completions', { model: 'auto', messages: [SYSTEM, ...messages] });
    upstream.next(
      answers('{}', { usage: { input: 60_000, output: 20 } }),
      answers('no JSON', { usage: { input: 60_000, output: 20 } }),
    );
    await ask([HARD]);
    const rejected = await ask([HARD, OK, EASY]);
    expect(model(rejected)).toBe('large');
    expect(rejected.headers.get('x-router-validation')).toBe('failed json');
    expect(upstream.received).toHaveLength(2);

    upstream.otherwise(({ body }) => (body.model === 'large' ? fails(500) : answers('{}')));
    const failed = await ask([HARD, OK, EASY]);
    expect(model(failed)).toBe('small');
    const { decision } =
      (await router.router.store.getDecision(failed.headers.get('x-router-decision-id') ?? '')) ?? {};
    expect(decision?.plan.candidates.map((candidate) => candidate.model).slice(0, 2)).toEqual([
      'large',
      'small',
    ]);
    const outcome = (await router.router.store.getDecision(decision?.id ?? ''))?.outcome;
    expect(outcome).toMatchObject({ model: 'small', tier: 'simple', escalated: false });
  });
});

describe('signed thinking over HTTP', () => {
  it('is learnt from a stream and kept from another model’s stream, which says so', async () => {
    const router = await start(':memory:');
    const event = (type: string, fields: object): string =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
    const delta = (fields: object): string => event('content_block_delta', { index: 0, delta: fields });
    upstream.next(
      streams([
        event('message_start', {
          message: {
            id: 'm',
            type: 'message',
            role: 'assistant',
            model: 'opus',
            content: [],
            usage: { input_tokens: 9, output_tokens: 1 },
          },
        }),
        event('content_block_start', {
          index: 0,
          content_block: { type: 'thinking', thinking: '', signature: '' },
        }),
        delta({ type: 'thinking_delta', thinking: 'hm' }),
        delta({ type: 'signature_delta', signature: 'c2ln' }),
        event('content_block_stop', { index: 0 }),
        event('content_block_start', { index: 1, content_block: { type: 'text', text: '' } }),
        event('content_block_delta', { index: 1, delta: { type: 'text_delta', text: 'ok' } }),
        event('content_block_stop', { index: 1 }),
        event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } }),
        event('message_stop', {}),
      ]),
    );
    const body = { max_tokens: 4_000, stream: true };
    await (await router.post('/v1/messages', { ...body, model: 'opus', messages: [HARD] })).text();
    const thought = { type: 'thinking', thinking: 'hm', signature: 'c2ln' };
    const messages = [HARD, { role: 'assistant', content: [thought, { type: 'text', text: 'ok' }] }, EASY];

    const same = await router.post('/v1/messages', { ...body, model: 'opus', messages });
    await same.text();
    expect(same.headers.get('x-router-dropped')).toBeNull();
    expect(upstream.received[1]?.body.messages).toEqual(messages);

    const other = await router.post('/v1/messages', { ...body, model: 'haiku', messages });
    await other.text();
    expect(other.headers.get('x-router-dropped')).toBe('messages[1].thinking');
    expect(JSON.stringify(upstream.received[2]?.body)).not.toContain('c2ln');
  });
});
