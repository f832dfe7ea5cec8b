import { describe, expect, it } from 'vitest';
import type { Caller } from '../../src/core/access.ts';
import type { Decision, ModelSpec } from '../../src/core/routing.ts';
import type { Tier } from '../../src/core/tier.ts';
import { createSafetyFloor } from '../../src/routing/policy/safety-floor.ts';
import { classificationOf } from '../fakes/classifier.ts';
import { modelOf, requestOf, threeModels } from '../fakes/requests.ts';
import { stageOf } from './stage.ts';

const models = ({ plan }: Decision): string[] => plan.candidates.map(({ model }) => model);
const sure = (tier: Tier) => classificationOf(tier, 0.9);
const error = (code: string, message: RegExp, field?: string) =>
  expect.objectContaining({ code, message: expect.stringMatching(message), ...(field ? { field } : {}) });

describe('tier bounds', () => {
  it.each([
    ['simple', { 'x-router-min-tier': 'moderate' }, 'moderate', ['moderate', 'complex']],
    ['simple', { 'x-router-min-tier': 'simple' }, 'simple', ['simple', 'moderate', 'complex']],
    ['complex', { 'x-router-max-tier': 'moderate' }, 'moderate', ['moderate']],
    ['simple', { 'x-router-max-tier': 'moderate' }, 'simple', ['simple', 'moderate']],
    [
      'complex',
      { 'x-router-min-tier': 'moderate', 'x-router-max-tier': 'moderate' },
      'moderate',
      ['moderate'],
    ],
  ] as const)('%s within %j is %s, escalations included', async (says, headers, tier, plan) => {
    const decision = await stageOf({}, sure(says)).run({}, headers);
    expect(decision.tier).toBe(tier);
    expect(models(decision)).toEqual(plan);
    expect(decision.bounds?.movedFrom).toBe(tier === says ? undefined : says);
    expect(decision.classification?.tier).toBe(says);
  });

  it('are on record with what set them; without any there is no record', async () => {
    const { run } = stageOf({ policy: { max_tier: 'moderate' } }, sure('complex'));
    expect((await run()).bounds).toEqual({
      minTier: 'simple',
      maxTier: 'moderate',
      movedFrom: 'complex',
      from: ['at most moderate (policy)'],
    });
    expect((await run()).plan.excluded).toEqual([
      {
        model: 'complex',
        tier: 'complex',
        reason: 'is of tier complex, wanted is at most moderate (policy)',
      },
    ]);
    expect((await stageOf().run()).bounds).toBeUndefined();
  });

  it('never go below a lowest tier, even where nobody at or above it can serve', async () => {
    const [simple] = threeModels();
    const ask = stageOf({ models: simple ? [simple] : [] }).run({}, { 'x-router-min-tier': 'moderate' });
    await expect(ask).rejects.toThrow(
      error('unsupported', /at least moderate \(x-router-min-tier\); .* leaves simple \(simple\)\./),
    );
  });

  it('of a static route move its own tier, and the request goes before the route', async () => {
    const routes = [
      { name: 'r', match: { path: '/v1/*' }, tier: 'simple' as const, min_tier: 'moderate' as const },
    ];
    expect((await stageOf({ routes }).run()).tier).toBe('moderate');
    const decision = await stageOf({ routes }).run({}, { 'x-router-min-tier': 'complex' });
    expect(decision).toMatchObject({ tier: 'complex', source: 'static', route: 'r' });
  });

  it('of a request unpin what a route pins outside of them', async () => {
    const routes = [{ name: 'r', match: { path: '/v1/*' }, model: 'simple' }];
    const decision = await stageOf({ routes }).run({}, { 'x-router-min-tier': 'moderate' });
    expect(models(decision)).toEqual(['moderate', 'complex']);
    expect(models(await stageOf({ routes }).run())).toEqual(['simple']);
  });

  it('leave no say to chance', async () => {
    const explore = () => ({ tier: 'complex' as const, propensity: 0.1, explored: true });
    const unsure = classificationOf('simple', 0.4);
    expect(await stageOf({ explore }, unsure).run()).toMatchObject({ explored: true, tier: 'complex' });
    const bounded = await stageOf({ explore }, unsure).run({}, { 'x-router-max-tier': 'complex' });
    expect(bounded).toMatchObject({ explored: false, propensity: 1 });
  });
});

describe('what the caller pins or forces', () => {
  it.each([
    [
      'auto:simple',
      { 'x-router-min-tier': 'moderate' },
      /^x-router-min-tier: moderate contradicts the forced tier simple/,
    ],
    [
      'complex',
      { 'x-router-max-tier': 'moderate' },
      /^x-router-max-tier: moderate contradicts the pinned model complex/,
    ],
  ])('%s with %j is refused, neither dropped', async (model, headers, says) => {
    await expect(stageOf().run({ model }, headers)).rejects.toThrow(error('invalid_request', says));
  });

  it('stands against what routes and the policy set by default', async () => {
    const { run } = stageOf({ policy: { max_tier: 'simple', max_cost_usd: 1e-9 } });
    expect(models(await run({ model: 'complex' }))).toEqual(['complex']);
    expect(await run({ model: 'auto:moderate' })).toMatchObject({ tier: 'moderate', source: 'override' });
  });

  it('is held within the bounds of its own request as it escalates', async () => {
    const decision = await stageOf().run({ model: 'auto:simple' }, { 'x-router-max-tier': 'moderate' });
    expect(models(decision)).toEqual(['simple', 'moderate']);
  });
});

describe('quality', () => {
  const doubtful = classificationOf('simple', 0.5);
  it.each([
    ['0.5', 'simple'],
    ['0.51', 'moderate'],
    ['0.75', 'moderate'],
    ['0.76', 'complex'],
    ['1', 'complex'],
    ['0', 'simple'],
  ])('of %s is the cheapest tier whose sufficiency reaches it: %s', async (quality, tier) => {
    const decision = await stageOf({}, doubtful).run({}, { 'x-router-quality': quality });
    expect(decision).toMatchObject({ tier, source: 'local', bounds: { quality: Number(quality) } });
    expect(decision.judge).toBeUndefined();
  });

  const graded: readonly ModelSpec[] = [
    modelOf('cheap', 'simple', { quality: 0.8, price: { input: 1, output: 1, asOf: '2026-01-01' } }),
    modelOf('bargain', 'moderate', { quality: 0.92, price: { input: 2, output: 2, asOf: '2026-01-01' } }),
    modelOf('dear', 'moderate', { quality: 0.93, price: { input: 9, output: 9, asOf: '2026-01-01' } }),
    modelOf('top', 'complex', { quality: 0.97, price: { input: 50, output: 50, asOf: '2026-01-01' } }),
    modelOf('unrated', 'simple'),
  ];

  it('that models declare: the cheapest that reaches it, whatever its tier', async () => {
    const { run } = stageOf({ models: graded, policy: { quality_from: 'models' } }, sure('complex'));
    const decision = await run({}, { 'x-router-quality': '0.9' });
    expect(models(decision)).toEqual(['bargain', 'dear', 'top']);
    expect(decision.plan.excluded).toMatchObject([
      { model: 'cheap', reason: 'has a declared quality of 0.8, wanted is 0.9 (x-router-quality)' },
      { model: 'unrated', reason: 'declares no quality' },
    ]);
    expect(models(await run({}, { 'x-router-quality': '0.9', 'x-router-prefer-cost': 'false' }))).toEqual([
      'top',
      'dear',
      'bargain',
    ]);
    await expect(run({}, { 'x-router-quality': '0.99' })).rejects.toThrow(
      error('unsupported', /declared quality of 0.99; the highest is 0.97/, 'x-router-quality'),
    );
  });

  it('that models declare, by the tier of the request', async () => {
    const policy = {
      quality_from: 'models',
      model_quality: { simple: 0.8, moderate: 0.9, complex: 0.95 },
    } as const;
    const first = async (tier: Tier) =>
      models(await stageOf({ models: graded, policy }, sure(tier)).run())[0];
    expect([await first('simple'), await first('moderate'), await first('complex')]).toEqual([
      'cheap',
      'bargain',
      'top',
    ]);
  });

  it('goes first within a tier where cost does not', async () => {
    const { run } = stageOf({ models: graded, policy: { prefer_cost: false } }, sure('moderate'));
    expect(models(await run())).toEqual(['dear', 'bargain', 'top']);
  });
});

describe('a cost ceiling', () => {
  /** 4 + 4 tokens in, 400 out at 1, 10 and 100 USD per million. */
  const estimate = (price: number): number => (407 * price) / 1e6;

  it('leaves out what is estimated above it, with the expected output', async () => {
    const decision = await stageOf({}, sure('complex')).run({}, { 'x-router-max-cost-usd': '0.005' });
    expect(models(decision)).toEqual(['moderate', 'simple']);
    expect(decision.plan.excluded).toMatchObject([
      {
        model: 'complex',
        reason: expect.stringMatching(/estimated at \$0\.04.*ceiling is \$0\.005 \(x-router-max-cost-usd\)/),
      },
    ]);
    expect(decision.plan.candidates[0]?.estimatedCostUsd).toBeCloseTo(estimate(10), 6);
  });

  it('that nobody keeps names the cheapest possible estimate; a soft one lets the cheapest answer', async () => {
    const headers = { 'x-router-max-cost-usd': '0.0001' };
    await expect(stageOf().run({}, headers)).rejects.toThrow(
      error(
        'unsupported',
        /within \$0\.0001; the cheapest possible estimate is \$0\.000407 \(simple\)/,
        'x-router-max-cost-usd',
      ),
    );
    expect(models(await stageOf().run({}, { ...headers, 'x-router-max-cost-soft': 'true' }))).toEqual([
      'simple',
    ]);
  });

  it('is not kept by a model whose price is unknown', async () => {
    const { price: _, ...unpriced } = modelOf('unpriced', 'moderate');
    const ask = stageOf({ models: [unpriced] }).run({}, { 'x-router-max-cost-usd': '1' });
    await expect(ask).rejects.toThrow(error('unsupported', /no model that can serve it has a known price/));
  });

  it('is checked against a pinned model too: an error, not another model', async () => {
    await expect(stageOf().run({ model: 'complex' }, { 'x-router-max-cost-usd': '0.005' })).rejects.toThrow(
      error('unsupported', /the cheapest possible estimate is \$0\.0407 \(complex\)/),
    );
  });

  it('never leads below a lowest tier', async () => {
    const ask = stageOf().run({}, { 'x-router-max-cost-usd': '0.001', 'x-router-min-tier': 'moderate' });
    await expect(ask).rejects.toThrow(
      error('unsupported', /cheapest possible estimate is \$0\.00407 \(moderate\)/),
    );
  });

  it('goes by the expected output: of the route, of the tier, at most what the caller allows', async () => {
    const cost = async (deps: Parameters<typeof stageOf>[0], request = {}) =>
      (await stageOf(deps).run(request)).plan.candidates[0]?.estimatedCostUsd;
    const route = { name: 'r', match: { path: '/v1/*' }, expected_output_tokens: 1_000 };
    expect(await cost({ expectedOutput: () => 100 })).toBeCloseTo((107 * 10) / 1e6, 9);
    expect(await cost({ routes: [route], expectedOutput: () => 100 })).toBeCloseTo((1_007 * 10) / 1e6, 9);
    expect(await cost({ routes: [route] }, { maxOutputTokens: 10 })).toBeCloseTo((17 * 10) / 1e6, 9);
  });
});

describe('a model asked for by name that is a starting point', () => {
  const twin = modelOf('moderate-twin', 'moderate', {
    price: { input: 0.1, output: 0.1, asOf: '2026-01-01' },
  });
  const all = [...threeModels(), twin];
  const named = (policy: object, says: Tier) =>
    stageOf({ models: all, policy: { route_named_models: true, ...policy } }, sure(says)).run({
      model: 'moderate',
    });

  it.each([
    [{}, 'simple', ['simple', 'moderate', 'complex']],
    [{}, 'moderate', ['moderate', 'complex']],
    [{}, 'complex', ['complex']],
    [{ downgrades: false }, 'simple', ['moderate', 'complex']],
    [{ downgrades: false }, 'complex', ['complex']],
    [{ upgrades: false }, 'complex', ['moderate']],
    [{ upgrades: false }, 'simple', ['simple', 'moderate']],
    [{ upgrades: false, downgrades: false }, 'complex', ['moderate']],
    [{ upgrades: false, downgrades: false }, 'simple', ['moderate']],
  ] as const)('goes up and down as %j allows from %s', async (policy, says, plan) => {
    const decision = await named(policy, says);
    expect(models(decision)).toEqual(plan);
    expect(decision.requestedModel).toBe('moderate');
  });

  it('is a pin unless the policy says otherwise', async () => {
    const decision = await stageOf({ models: all }, sure('simple')).run({ model: 'moderate' });
    expect(decision).toMatchObject({ source: 'override' });
    expect(models(decision)).toEqual(['moderate']);
  });
});

describe('aliases, in the trace', () => {
  it('say as what a pinned model was asked for', async () => {
    const { reasons, requestedModel } = await stageOf().run({ model: 'vendor/simple-2026-01-01' });
    expect(reasons[0]).toBe('the caller pins simple, asked for as vendor/simple-2026-01-01');
    expect(requestedModel).toBe('vendor/simple-2026-01-01');
  });

  it('name the entry; the tier they name yields to bounds of the request', async () => {
    const { run } = stageOf({ policy: { model_aliases: { 'claude-haiku-*': 'auto:simple' } } });
    const decision = await run({ model: 'claude-haiku-4-5' });
    expect(decision).toMatchObject({ tier: 'simple', source: 'static', requestedModel: 'claude-haiku-4-5' });
    expect(decision.reasons[0]).toBe('policy.model_aliases claude-haiku-* -> auto:simple');
    expect(await run({ model: 'claude-haiku-4-5' }, { 'x-router-min-tier': 'moderate' })).toMatchObject({
      tier: 'moderate',
    });
  });
});

describe('the safety floor', () => {
  const messages = requestOf('What is the maximum dosage of paracetamol?').messages;
  const floor = createSafetyFloor({ tier: 'moderate', topics: ['medical'], terms: [] });
  const guarded = (overrides: 'allow' | 'refuse' = 'allow', deps = {}) =>
    stageOf({ safety: { floor, overrides }, ...deps }, sure('simple'));

  it('raises what is below it, and says why', async () => {
    const decision = await guarded().run({ messages });
    expect(decision).toMatchObject({
      tier: 'moderate',
      bounds: { movedFrom: 'simple', safetyTopic: 'medical' },
    });
    expect(decision.reasons).toContain('safety floor moderate (medical: dosage)');
    expect(models(decision)).not.toContain('simple');
    expect(await guarded().run()).toMatchObject({ tier: 'simple' });
  });

  it('goes before a highest tier, a roll-out and a static route, which may opt out', async () => {
    const capped = await guarded().run({ messages }, { 'x-router-max-tier': 'simple' });
    expect(capped.tier).toBe('moderate');
    expect(capped.reasons).toContain(
      'not possible beside the limits before it: at most simple (x-router-max-tier)',
    );
    const route = { name: 'r', match: { path: '/v1/*' }, model: 'simple' };
    expect((await guarded('allow', { routes: [route] }).run({ messages })).tier).toBe('moderate');
    const out = [{ ...route, safety_floor: false }];
    expect(models(await guarded('allow', { routes: out }).run({ messages }))).toEqual(['simple']);
    const rollout = { share: 0, otherwise: 'simple' };
    expect((await guarded('allow', { policy: { rollout } }).run({ messages })).tier).toBe('moderate');
  });

  it('yields to the caller, or refuses it where so configured', async () => {
    const decision = await guarded().run({ messages, model: 'auto:simple' });
    expect(decision).toMatchObject({ tier: 'simple', source: 'override' });
    expect(decision.reasons).toContain('the safety floor (medical: dosage) yields to the caller');
    await expect(guarded('refuse').run({ messages, model: 'simple' })).rejects.toThrow(
      error('forbidden', /below moderate, the lowest tier for medical decisions/),
    );
    expect(models(await guarded('refuse').run({ messages, model: 'complex' }))).toEqual(['complex']);
  });
});

describe('a roll-out', () => {
  it('pins what is outside to its tier or model, without asking the classifier', async () => {
    const { run, asked } = stageOf(
      { policy: { rollout: { share: 0, otherwise: 'complex' } } },
      sure('simple'),
    );
    const decision = await run();
    expect(decision).toMatchObject({ tier: 'complex', source: 'rollout' });
    expect(decision.reasons[0]).toBe('outside the 0 % that are routed: complex');
    expect(asked).toEqual([]);
    const twin = modelOf('legacy', 'moderate');
    const pinned = stageOf({
      models: [...threeModels(), twin],
      policy: { rollout: { share: 0, otherwise: 'legacy' } },
    });
    expect(models(await pinned.run())).toEqual(['legacy']);
  });

  it('leaves alone what the caller and routes settle, and is set by key and by route', async () => {
    const out = { share: 0, otherwise: 'complex' };
    const inside = { share: 1, otherwise: 'complex' };
    const key = 'ab'.repeat(32);
    expect((await stageOf({ policy: { rollout: out } }).run({ model: 'auto:simple' })).source).toBe(
      'override',
    );
    const byKey = stageOf({ policy: { rollout: inside, rollout_by_key: { [key]: out } } });
    expect((await byKey.run({}, {}, { apiKeySha256: key })).source).toBe('rollout');
    expect((await byKey.run({}, {}, { apiKeySha256: 'cd'.repeat(32) })).source).toBe('local');
    const route = { name: 'r', match: { path: '/v1/*' }, rollout: inside };
    expect((await stageOf({ policy: { rollout: out }, routes: [route] }).run()).source).toBe('local');
  });

  it('yields to the bounds of a request', async () => {
    const { run } = stageOf({ policy: { rollout: { share: 0, otherwise: 'simple' } } });
    expect(await run({}, { 'x-router-min-tier': 'moderate' })).toMatchObject({
      tier: 'moderate',
      source: 'rollout',
    });
  });
});

describe('what a key may use', () => {
  const caller = (over: Partial<Caller>): Partial<Caller> & Caller => ({
    key: 'k',
    name: 'n',
    scopes: ['chat'],
    ...over,
  });

  it.each([
    ['complex', { models: ['simple'] }, /may not use the model complex; allowed: models simple/],
    [
      'complex',
      { tiers: ['simple', 'moderate'] },
      /may not use the model complex; allowed: tiers simple, moderate/,
    ],
    ['auto:complex', { tiers: ['simple'] }, /may not use the tier complex; allowed: tiers simple/],
  ] as const)('is all that may be pinned or forced: %s with %j', async (model, may, says) => {
    const ask = stageOf().run({ model }, {}, { caller: caller(may) });
    await expect(ask).rejects.toThrow(error('forbidden', says, 'model'));
  });

  it('is all that a plan holds', async () => {
    const may = { caller: caller({ tiers: ['simple', 'moderate'] }) };
    const decision = await stageOf({}, sure('simple')).run({}, {}, may);
    expect(models(decision)).toEqual(['simple', 'moderate']);
    expect(decision.plan.excluded).toMatchObject([
      { model: 'complex', reason: expect.stringContaining('API key') },
    ]);
    expect(models(await stageOf({}, sure('complex')).run({}, {}, may))).toEqual(['moderate', 'simple']);
  });

  it('that cannot serve the request is forbidden, with what is allowed', async () => {
    const ask = stageOf().run({}, {}, { caller: caller({ models: [] }) });
    await expect(ask).rejects.toThrow(error('forbidden', /allowed: models none/));
  });
});

describe('a request that can wait', () => {
  it('is marked, with what a batch would have saved', async () => {
    const { run } = stageOf({ policy: { batch_discount: 0.5 } });
    const decision = await run({}, { 'x-router-batch-eligible': 'true' });
    expect(decision.batchEligible).toBe(true);
    expect(decision.reasons.at(-1)).toMatch(
      /^can wait \(x-router-batch-eligible\): a batch would save about \$0\.0020[34]$/,
    );
    expect((await run()).batchEligible).toBeUndefined();
  });
});
