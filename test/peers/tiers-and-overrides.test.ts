/** What users of other routers say of wrong tiers and of overrides; the number is that of their issue. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import { isTier } from '../../src/core/tier.ts';
import { classificationOf, createFakeClassifier } from '../fakes/classifier.ts';
import { answers, type FakeUpstream, fails, startUpstream } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from '../http/harness.ts';

const price = (usd: number) => ({ input: usd, output: usd, as_of: '2026-11-01' });
const PRICES = { nano: 0.1, flash: 0.3, sonnet: 3, 'gpt-5': 5, opus: 15 } as const;
type Id = keyof typeof PRICES;
const TIER_OF = {
  nano: 'simple',
  flash: 'simple',
  sonnet: 'moderate',
  'gpt-5': 'complex',
  opus: 'complex',
} as const;
const IDS = Object.keys(PRICES) as Id[];

let upstream: FakeUpstream;
const running: TestRouter[] = [];

/** Five models; the classifier reads the tier and its confidence off the text: `[simple 0.4]`. */
async function start(over: ConfigInput = {}): Promise<TestRouter> {
  const classifier = createFakeClassifier((text) => {
    const [, tier = '', confidence = '0.95'] = /\[(\w+) ?([\d.]*)\]/.exec(text) ?? [];
    return classificationOf(isTier(tier) ? tier : 'moderate', Number(confidence || '0.95'));
  });
  const config: ConfigInput = {
    builtin_catalog: false,
    judge: { model: 'none' },
    execution: { retries: 0, breaker_failures: 1_000 },
    default_validators: [],
    providers: { up: { base_url: upstream.baseUrl } },
    models: IDS.map((id) => ({ id, provider: 'up', tier: TIER_OF[id], price: price(PRICES[id]) })),
    ...over,
  };
  const router = await startRouter(config, {}, { openClassifier: async () => classifier });
  running.push(router);
  return router;
}

async function ask(router: TestRouter, text: string, model = 'auto', headers: Record<string, string> = {}) {
  const body = { model, messages: [{ role: 'user', content: text }] };
  const answer = await router.post('/v1/chat/completions', body, headers);
  const header = (name: string) => answer.headers.get(`x-router-${name}`);
  const { error } = (await answer.json()) as { error?: { message: string } };
  return {
    status: answer.status,
    error: error?.message,
    tier: header('tier'),
    model: header('model'),
    source: header('source'),
    bounds: header('bounds'),
    movedFrom: header('moved-from'),
    id: header('decision-id'),
  };
}

beforeAll(async () => {
  upstream = await startUpstream();
});
afterEach(async () => {
  upstream.reset();
  await Promise.all(running.splice(0).map((router) => router.close()));
});
afterAll(() => upstream.close());

describe('wrong tier', () => {
  it('BerriAI/litellm 42139: confidence is not only logged; doubt about a cheap tier goes up and never down', async () => {
    const router = await start();
    const reached = async (text: string) => (await ask(router, text)).tier;
    expect(await reached('[simple 0.95] hi')).toBe('simple');
    expect(await reached('[simple 0.5] hi')).toBe('moderate');
    expect(await reached('[moderate 0.5] hi')).toBe('complex');
    expect(await reached('[complex 0.4] hi')).toBe('complex');
    const stored = (await (
      await router.get(`/v1/decisions/${(await ask(router, '[simple 0.5] x')).id}`)
    ).json()) as {
      decision: { gate: object; reasons: string[] };
    };
    expect(stored.decision.gate).toMatchObject({ sure: false });
    expect(stored.decision.reasons.join('\n')).toContain('one tier up to moderate');
  });

  it('BerriAI/litellm 42139: how sure a route down must be is the caller’s to say, and what is missing goes expensive', async () => {
    const router = await start();
    const at = async (quality: string) =>
      (await ask(router, '[simple 0.8] hi', 'auto', { 'x-router-quality': quality })).tier;
    expect([await at('0.8'), await at('0.85'), await at('0.95')]).toEqual(['simple', 'moderate', 'complex']);
  });

  it('weave-os/router 384: no clamp sends hard requests to the cheapest model unless somebody asked for it', async () => {
    const router = await start();
    for (let index = 0; index < 20; index++) {
      const { tier, model, movedFrom } = await ask(router, `[complex] hard task ${index}`);
      expect({ tier, model, movedFrom }).toEqual({ tier: 'complex', model: 'gpt-5', movedFrom: null });
    }
  });

  it('weave-os/router 384: a clamp that is configured shows in each answer, in the record, and ends at its tier', async () => {
    const router = await start({ policy: { max_tier: 'moderate' } });
    const { tier, model, movedFrom, bounds, id } = await ask(router, '[complex] hard task');
    expect({ tier, model, movedFrom, bounds }).toEqual({
      tier: 'moderate',
      model: 'sonnet',
      movedFrom: 'complex',
      bounds: 'at most moderate (policy)',
    });
    const stored = await (await router.get(`/v1/decisions/${id}`)).json();
    expect(stored).toMatchObject({
      decision: { bounds: { moved_from: 'complex' }, classification: { tier: 'complex' } },
    });
    const lifted = await ask(router, '[complex] hard task', 'auto', { 'x-router-max-tier': 'complex' });
    expect(lifted).toMatchObject({ tier: 'complex', movedFrom: null });
  });

  it('lm-sys/RouteLLM 23: more than two models; each tier takes its cheapest, and the next stands in for one that fails', async () => {
    const router = await start();
    const first = async (tier: string) => (await ask(router, `[${tier}] hi`)).model;
    expect([await first('simple'), await first('moderate'), await first('complex')]).toEqual([
      'nano',
      'sonnet',
      'gpt-5',
    ]);
    upstream.reset();
    upstream.otherwise(({ body }) => (body.model === 'opus' ? answers('ok') : fails(500)));
    expect((await ask(router, '[simple] hi')).model).toBe('opus');
    expect(upstream.received.map(({ body }) => body.model)).toEqual([
      'nano',
      'flash',
      'sonnet',
      'gpt-5',
      'opus',
    ]);
  });
});

describe('overrides', () => {
  /** Everything that might want another model. */
  const PRESSURES: readonly [string, ConfigInput, Record<string, string>][] = [
    ['a classifier that is sure of another tier', {}, {}],
    ['a highest tier of the policy', { policy: { max_tier: 'simple' } }, {}],
    ['a lowest tier of the policy', { policy: { min_tier: 'complex' } }, {}],
    ['a cost ceiling of the policy', { policy: { max_cost_usd: 1e-9 } }, {}],
    ['a wanted quality', { policy: { quality: 1 } }, { 'x-router-quality': '1' }],
    ['a static route', { routes: [{ name: 'r', match: { path: '/*' }, tier: 'complex' }] }, {}],
    ['a static route with a model', { routes: [{ name: 'r', match: { path: '/*' }, model: 'opus' }] }, {}],
    ['a roll-out that leaves it out', { policy: { rollout: { share: 0, otherwise: 'opus' } } }, {}],
    ['the safety floor', { policy: { safety_floor: { tier: 'complex', terms: ['hard task'] } } }, {}],
    ['models asked for by name being starting points', { policy: { downgrades: false } }, {}],
    ['a session on another model', {}, { 'x-router-session': 'warm' }],
    [
      'a preference for quality',
      { policy: { prefer_cost: false, quality_from: 'models', quality: 0.5 } },
      {},
    ],
  ];

  it.each(PRESSURES)(
    'mnfst/llm-gateway 2117, weave-os/router 1111: a pinned model is not dropped for %s',
    async (_, config, headers) => {
      const router = await start(config);
      await ask(router, '[complex] hard task', 'opus', headers);
      for (const id of IDS) {
        const { status, model, source } = await ask(router, '[complex] hard task', id, headers);
        expect({ status, model, source }).toEqual({ status: 200, model: id, source: 'override' });
        expect(upstream.received.at(-1)?.body.model).toBe(id);
      }
    },
  );

  it.each(PRESSURES)(
    'mnfst/llm-gateway 2117, weave-os/router 1111: a forced tier is not dropped for %s',
    async (_, config, headers) => {
      const router = await start(config);
      await ask(router, '[complex] hard task', 'opus', headers);
      for (const tier of ['simple', 'moderate', 'complex']) {
        const forced = await ask(router, '[moderate] hard task', `auto:${tier}`, headers);
        expect({ status: forced.status, tier: forced.tier, source: forced.source }).toEqual({
          status: 200,
          tier,
          source: 'override',
        });
        expect(TIER_OF[forced.model as Id]).toBe(tier);
      }
    },
  );

  it.each([
    [{ 'x-router-min-tier': 'complex' }, /^x-router-min-tier: complex contradicts the pinned model nano/],
    [
      { 'x-router-max-cost-usd': '0.00000001' },
      /^x-router-max-cost-usd: .*cheapest possible estimate is .* \(nano\)/,
    ],
  ])('weave-os/router 1111: what contradicts a pin is an error that says so: %j', async (headers, says) => {
    const router = await start();
    const { status, error } = await ask(router, 'hi', 'nano', headers);
    expect(status).toBe(400);
    expect(error).toMatch(says);
    expect(upstream.received).toHaveLength(0);
  });

  it('mnfst/llm-gateway 2117: a pinned model that fails is an error, not another model', async () => {
    const router = await start();
    upstream.otherwise(() => fails(500));
    expect((await ask(router, 'hi', 'sonnet')).status).toBe(502);
    expect(new Set(upstream.received.map(({ body }) => body.model))).toEqual(new Set(['sonnet']));
  });

  it('mnfst/llm-gateway 2117: a model that is not configured is an error, not a default', async () => {
    const { status, error } = await ask(await start(), 'hi', 'gpt-6');
    expect(status).toBe(404);
    expect(error).toContain('sonnet');
  });

  it.each([
    [{ upgrades: true, downgrades: true }, 'nano', 'gpt-5'],
    [{ upgrades: true, downgrades: false }, 'sonnet', 'gpt-5'],
    [{ upgrades: false, downgrades: true }, 'nano', 'sonnet'],
    [{ upgrades: false, downgrades: false }, 'sonnet', 'sonnet'],
  ] as const)(
    'anthropics/claude-code 24155: consent for upgrades and for downgrades apart: %j',
    async (consent, easy, hard) => {
      const router = await start({ policy: { route_named_models: true, ...consent } });
      expect((await ask(router, '[simple] easy', 'sonnet')).model).toBe(easy);
      expect((await ask(router, '[moderate] middling', 'sonnet')).model).toBe('sonnet');
      expect((await ask(router, '[complex] hard', 'sonnet')).model).toBe(hard);
    },
  );

  it('anthropics/claude-code 24155: a request may take its consent back, and without the policy none is assumed', async () => {
    const router = await start({ policy: { route_named_models: true } });
    const headers = { 'x-router-upgrades': 'false' };
    expect((await ask(router, '[complex] hard', 'sonnet')).model).toBe('gpt-5');
    expect(await ask(router, '[complex] hard', 'sonnet', headers)).toMatchObject({
      model: 'sonnet',
      bounds: 'at most moderate (no upgrades from sonnet: x-router-upgrades)',
    });
    expect((await ask(await start(), '[complex] hard', 'sonnet')).model).toBe('sonnet');
  });
});
