import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '../../src/core/chat.ts';
import type { Classification, Decision, JudgeAnswer, ModelSpec } from '../../src/core/routing.ts';
import { TIERS, type Tier } from '../../src/core/tier.ts';
import type { RequestContext } from '../../src/routing/context.ts';
import { createDecide } from '../../src/routing/decide.ts';
import { type Explored, explore } from '../../src/routing/explore.ts';
import { FEATURE_VERSION } from '../../src/routing/features.ts';
import type { StaticRoute } from '../../src/routing/policy/static-route.ts';
import { classificationOf, createFakeClassifier } from '../fakes/classifier.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeJudge } from '../fakes/judge.ts';
import { createFakeLogger } from '../fakes/logger.ts';
import { contextOf, modelOf, requestOf, threeModels } from '../fakes/requests.ts';

interface Scene {
  /** `null`: no bundle is loaded. */
  readonly says?: Classification | Error | null;
  readonly fallbackSays?: Classification;
  readonly judge?: Partial<JudgeAnswer>;
  readonly routes?: readonly StaticRoute[];
  readonly models?: readonly ModelSpec[];
  readonly doubtBelow?: number;
  readonly simpleFrom?: number;
  /** The classifier's own. */
  readonly bundleFrom?: number;
  readonly explore?: (tier: Tier) => Explored;
}

function stage(scene: Scene = {}) {
  const logger = createFakeLogger();
  const judge = createFakeJudge(scene.judge);
  const says = scene.says === undefined ? classificationOf('moderate', 0.9) : scene.says;
  const answer = (): Classification => {
    if (says instanceof Error) throw says;
    return says ?? classificationOf('simple', 1);
  };
  const bounds = scene.bundleFrom === undefined ? {} : { simpleFrom: scene.bundleFrom };
  const classifier = createFakeClassifier(answer, bounds);
  const decide = createDecide({
    classifier: () => (says === null ? undefined : classifier),
    fallbackClassifier: createFakeClassifier(() => scene.fallbackSays ?? classificationOf('simple', 0.6), {
      id: 'rules',
      doubtBelow: 0.5,
    }),
    judge,
    models: scene.models ?? threeModels(),
    routes: scene.routes ?? [],
    expectedOutputTokens: 400,
    ...(scene.doubtBelow === undefined ? {} : { doubtBelow: scene.doubtBelow }),
    ...(scene.simpleFrom === undefined ? {} : { simpleFrom: scene.simpleFrom }),
    ...(scene.explore ? { explore: scene.explore } : {}),
    clock: createFakeClock(),
    newId: () => 'dec_1',
    logger,
  });
  const run = (
    request: Partial<ChatRequest> = {},
    context: Partial<RequestContext> = {},
  ): Promise<Decision> => decide(requestOf('hello there', request), contextOf(context));
  return { run, judge, logger };
}

const route = (over: Partial<StaticRoute>): StaticRoute => ({
  name: 'r',
  match: { path: '/v1/*' },
  validators: [],
  ...over,
});

describe('who chooses the tier', () => {
  it('the classifier where it is sure', async () => {
    const { run, judge } = stage();
    const decision = await run();
    expect(decision).toMatchObject({
      id: 'dec_1',
      tier: 'moderate',
      source: 'local',
      confidence: 0.9,
      classifier: 'fake',
      gate: { sure: true, threshold: 0.7 },
      featureVersion: FEATURE_VERSION,
      propensity: 1,
    });
    expect(decision.reasons).toEqual([
      'fake says moderate with confidence 90 %',
      'first choice moderate: serves moderate',
    ]);
    expect(judge.asked).toHaveLength(0);
  });

  it('the judge where the classifier is in doubt', async () => {
    const answer = { status: 'answered', tier: 'complex', model: 'nano', costUsd: 0.00002 } as const;
    const { run, judge } = stage({ says: classificationOf('simple', 0.5), judge: answer });
    const decision = await run();
    expect(decision).toMatchObject({ tier: 'complex', source: 'nano', confidence: 0.5, judge: answer });
    expect(decision.reasons[1]).toBe('below 70 %: in doubt');
    expect(decision.reasons[2]).toBe('judge nano says complex');
    expect(judge.asked).toEqual([decision.text]);
  });

  const STATUSES = [
    'unparsable',
    'timeout',
    'error',
    'breaker_open',
    'budget_spent',
    'not_configured',
  ] as const;
  it.each(STATUSES.flatMap((status) => TIERS.map((tier) => ({ status, tier }))))(
    'one tier up from $tier where the judge has no answer ($status)',
    async ({ status, tier }) => {
      const { run } = stage({ says: classificationOf(tier, 0.4), judge: { status } });
      const up = { simple: 'moderate', moderate: 'complex', complex: 'complex' } as const;
      expect(await run()).toMatchObject({ tier: up[tier], source: 'fallback', judge: { status } });
    },
  );

  it('a configured threshold over the calibrated one, at its very border', async () => {
    const sure = await stage({ says: classificationOf('simple', 0.9), doubtBelow: 0.9 }).run();
    const unsure = await stage({ says: classificationOf('simple', 0.9), doubtBelow: 0.901 }).run();
    expect([sure.source, unsure.source]).toEqual(['local', 'fallback']);
  });

  it.each([
    ['the bundle risks it from there', { bundleFrom: 0.91 }, 'fallback', 0.91],
    ['at the very border', { bundleFrom: 0.9 }, 'local', 0.9],
    ['the configuration goes first', { bundleFrom: 0.91, simpleFrom: 0.5 }, 'local', 0.7],
    ['the configuration alone', { simpleFrom: 0.95 }, 'fallback', 0.95],
  ] as const)('doubts a sure `simple` below a bound of its own: %s', async (_, scene, source, threshold) => {
    const decision = await stage({ says: classificationOf('simple', 0.9), ...scene }).run();
    expect(decision).toMatchObject({ source, gate: { sure: source === 'local', threshold } });
  });

  it('that bound says nothing of other tiers', async () => {
    const decision = await stage({ says: classificationOf('moderate', 0.9), bundleFrom: 0.99 }).run();
    expect(decision).toMatchObject({ source: 'local', gate: { threshold: 0.7, simpleFrom: 0.99 } });
  });

  it('the rules where no bundle is loaded', async () => {
    const decision = await stage({ says: null }).run();
    expect(decision).toMatchObject({ tier: 'simple', source: 'fallback', classifier: 'rules' });
    expect(decision.reasons[0]).toBe('no classifier bundle is loaded: keyword rules decide');
  });

  it('the rules where the classifier fails at run time, loudly', async () => {
    const { run, logger } = stage({ says: new Error('tensor is broken') });
    const decision = await run();
    expect(decision).toMatchObject({ tier: 'simple', source: 'fallback', classifier: 'rules' });
    expect(logger.entries).toMatchObject([{ level: 'error', fields: { cause: 'tensor is broken' } }]);
  });

  it('the judge where the rules are in doubt too', async () => {
    const judge = { status: 'answered', tier: 'moderate' } as const;
    const { run } = stage({ says: null, fallbackSays: classificationOf('complex', 0.4), judge });
    expect(await run()).toMatchObject({ tier: 'moderate', source: 'nano' });
  });
});

describe('the caller', () => {
  it.each(TIERS)('forces %s without asking the classifier', async (tier) => {
    const decision = await stage({ says: new Error('never asked') }).run({ model: `auto:${tier}` });
    expect(decision).toMatchObject({ tier, source: 'override', confidence: 1 });
    expect(decision.classification).toBeUndefined();
    expect(decision.plan.candidates[0]?.tier).toBe(tier);
  });

  it('pins a model, which is then the whole plan', async () => {
    const decision = await stage().run({ model: 'moderate' });
    expect(decision).toMatchObject({ tier: 'moderate', source: 'override' });
    expect(decision.plan.candidates).toMatchObject([{ model: 'moderate', reason: 'pinned' }]);
  });

  it.each(['gpt-9', 'auto:huge', 'AUTO', ''])(
    'gets an error that lists what is allowed for %j',
    async (model) => {
      await expect(stage().run({ model })).rejects.toMatchObject({
        code: 'unknown_model',
        field: 'model',
        message: expect.stringContaining('auto, auto:simple, auto:moderate, auto:complex, simple'),
      });
    },
  );
});

describe('static routes', () => {
  it('set a tier, a ceiling and validators', async () => {
    const routes = [route({ name: 'triage', tier: 'complex', max_output_tokens: 50, validators: ['json'] })];
    const decision = await stage({ routes }).run();
    expect(decision).toMatchObject({
      tier: 'complex',
      source: 'static',
      route: 'triage',
      plan: { validators: ['json'], maxOutputTokens: 50 },
    });
  });

  it('leave the ceiling of the caller alone', async () => {
    const routes = [route({ tier: 'simple', max_output_tokens: 50 })];
    const decision = await stage({ routes }).run({ maxOutputTokens: 900 });
    expect(decision.plan.maxOutputTokens).toBeUndefined();
  });

  it('pin a model', async () => {
    const decision = await stage({ routes: [route({ model: 'moderate' })] }).run();
    expect(decision).toMatchObject({ tier: 'moderate', source: 'static' });
    expect(decision.plan.candidates).toHaveLength(1);
  });

  it('that pin a model without a key are an error that says so', async () => {
    await expect(stage({ routes: [route({ name: 'x', model: 'gone' })] }).run()).rejects.toMatchObject({
      code: 'unknown_model',
      message: expect.stringContaining('Static route x pins gone'),
    });
  });

  it('without a tier leave the choice to the classifier and keep their validators', async () => {
    const decision = await stage({ routes: [route({ validators: ['json'] })] }).run();
    expect(decision).toMatchObject({ source: 'local', route: 'r', plan: { validators: ['json'] } });
  });

  it('give way to the caller, but for their validators', async () => {
    const routes = [route({ tier: 'complex', validators: ['json'] })];
    const decision = await stage({ routes }).run({ model: 'auto:simple' });
    expect(decision).toMatchObject({ tier: 'simple', source: 'override', plan: { validators: ['json'] } });
  });
});

describe('exploration', () => {
  const always = (tier: Tier): Explored => explore(tier, { rate: 0.2, allowDown: false }, 0);
  const never = (tier: Tier): Explored => explore(tier, { rate: 0.2, allowDown: false }, 0.99);
  const doubtful = classificationOf('simple', 0.4);
  const answer = { status: 'answered', tier: 'simple', model: 'nano' } as const;

  it('moves what the judge said in doubt, and logs with which probability', async () => {
    const decision = await stage({ says: doubtful, judge: answer, explore: always }).run();
    expect(decision).toMatchObject({ tier: 'moderate', source: 'nano', propensity: 0.2, explored: true });
    expect(decision.plan.candidates[0]?.tier).toBe('moderate');
    expect(decision.reasons).toContain('exploration moves simple to moderate (probability 20 %)');
  });

  it('logs the probability of what it leaves alone too', async () => {
    const decision = await stage({ says: doubtful, judge: answer, explore: never }).run();
    expect(decision).toMatchObject({ tier: 'simple', propensity: 0.8, explored: false });
  });

  it('moves what went up for want of a judge', async () => {
    const decision = await stage({ says: doubtful, explore: always }).run();
    expect(decision).toMatchObject({ tier: 'complex', source: 'fallback', propensity: 0.2, explored: true });
  });

  it.each([
    ['a sure decision', { says: classificationOf('simple', 0.9) }, {}],
    ['what the caller forces', {}, { model: 'auto:simple' }],
    ['what the caller pins', {}, { model: 'moderate' }],
    ['a static route', { routes: [route({ tier: 'simple' as const })] }, {}],
    ['the doubt of the rules', { says: null, fallbackSays: classificationOf('simple', 0.1) }, {}],
  ])('leaves alone %s', async (_, scene, request) => {
    const refuse = (): Explored => {
      throw new Error('must not be asked');
    };
    const decision = await stage({ ...scene, explore: refuse }).run(request);
    expect(decision).toMatchObject({ propensity: 1, explored: false });
  });
});

describe('what is recorded besides', () => {
  it('the session, the end user and a label of the key, never the key', async () => {
    const apiKeySha256 = 'ab'.repeat(32);
    const context = { apiKeySha256, headers: { 'x-router-session': 's-1' } };
    const decision = await stage().run({ user: 'u-1' }, context);
    expect(decision).toMatchObject({ session: 's-1', user: 'u-1', apiKey: 'ab'.repeat(8) });
  });

  it('the models that are left out, and why', async () => {
    const models = [modelOf('small', 'moderate', { contextWindow: 256 }), modelOf('big', 'moderate')];
    const messages = [
      { role: 'user' as const, content: [{ type: 'text' as const, text: 'x'.repeat(4_000) }] },
    ];
    const { plan } = await stage({ models }).run({ messages });
    expect(plan.candidates.map(({ model }) => model)).toEqual(['big']);
    expect(plan.excluded).toMatchObject([
      { model: 'small', reason: expect.stringContaining('exceeds its context window of 256') },
    ]);
  });
});
