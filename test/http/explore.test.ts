import { afterAll, beforeAll, expect, it } from 'vitest';
import { classificationOf, createFakeClassifier } from '../fakes/classifier.ts';
import { startRouter, type TestRouter } from './harness.ts';

let router: TestRouter;
beforeAll(async () => {
  const config = { builtin_catalog: false, exploration: { rate: 0.25 } };
  const doubtful = createFakeClassifier(() => classificationOf('simple', 0.4));
  router = await startRouter(config, {}, { random: () => 0, openClassifier: async () => doubtful });
});
afterAll(() => router.close());

it('a live request is explored and says so in its record; the dry run tells what it would be without', async () => {
  const dry = (await (await router.post('/v1/classify', { prompt: 'hello' })).json()) as { tier: string };
  expect(dry.tier).toBe('moderate');
  const live = await router.post('/v1/route', { prompt: 'hello' });
  expect(live.headers.get('x-router-tier')).toBe('complex');
  const id = live.headers.get('x-router-decision-id');
  const record = await (await router.get(`/v1/decisions/${id}`)).json();
  expect(record).toMatchObject({ decision: { tier: 'complex', propensity: 0.25, explored: true } });
});
