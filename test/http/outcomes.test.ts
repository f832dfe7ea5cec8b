import { afterAll, beforeAll, expect, it } from 'vitest';
import { FEATURE_VERSION } from '../../src/routing/features.ts';
import { collectFeedback } from '../../src/training/feedback-examples.ts';
import { startRouter, type TestRouter } from './harness.ts';

let router: TestRouter;
beforeAll(async () => {
  router = await startRouter();
});
afterAll(() => router.close());

const PROMPT = 'Summarise the minutes of the harbour board';
const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };

async function ask(headers: Record<string, string> = {}): Promise<string> {
  const answer = await router.post('/v1/route', { prompt: PROMPT, model: 'auto:moderate' }, headers);
  return ((await answer.json()) as { decision_id: string }).decision_id;
}

it('measured outcomes are taken as feedback, and learnt from', async () => {
  const id = await ask();
  const outcome = { simple: false, moderate: true };
  const answer = await router.post('/v1/feedback', { decision_id: id, outcome });
  expect(await answer.json()).toMatchObject({ recorded: ['outcome'], replaced: false });
  const { examples, bySource } = await collectFeedback(router.router.store.labelled(EVER), FEATURE_VERSION);
  expect(examples).toMatchObject([{ id, tier: 'moderate', sufficient: [0, 1], weight: 0.8 }]);
  expect(bySource).toEqual({ outcome: 1 });
  await router.post('/v1/feedback', { decision_id: id, revoke: true });
});

it.each([
  { outcome: {} },
  { outcome: { huge: true } },
  { outcome: { simple: 'yes' } },
  { outcome: { simple: true }, rating: 'up' },
])('%j is refused', async (body) => {
  expect((await router.post('/v1/feedback', { decision_id: 'dec_x', ...body })).status).toBe(400);
});

it('the same prompt again at once from the same session says that the answer did not do', async () => {
  const first = await ask({ 'x-session-id': 's' });
  await ask({ 'x-session-id': 's' });
  const { examples } = await collectFeedback(router.router.store.labelled(EVER), FEATURE_VERSION);
  expect(examples).toMatchObject([{ id: first, sufficient: [0, 0], weight: 0.2 }]);
});
