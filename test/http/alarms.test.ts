import { expect, it } from 'vitest';
import { decisionOf } from '../contracts/store.ts';
import { classificationOf, createFakeClassifier } from '../fakes/classifier.ts';
import { startRouter } from './harness.ts';

it('/v1/stats raises the alarms of its window', async () => {
  const withoutBaseline = createFakeClassifier(() => classificationOf('simple', 0.9), { id: 'bundle' });
  const router = await startRouter({}, {}, { openClassifier: async () => withoutBaseline });
  try {
    const alarms = async (): Promise<unknown> => {
      const stats = await (await router.get('/v1/stats?window=1h')).json();
      return (stats as { alarms: unknown }).alarms;
    };
    expect(await alarms()).toEqual([]);
    for (let index = 0; index < 200; index++) {
      await router.router.store.recordDecision(
        decisionOf(`d${index}`, { at: Date.now(), classifier: 'bundle' }),
      );
    }
    expect(await alarms()).toEqual([
      {
        name: 'nearly_constant',
        says: '100.0 % of 200 sure decisions are simple',
        value: 1,
        bound: 0.95,
      },
    ]);
  } finally {
    await router.close();
  }
});

it('/v1/stats compares the requests with the rows the serving bundle was trained on', async () => {
  const bundle = createFakeClassifier(() => classificationOf('simple', 0.9), { id: 'bundle' });
  const baseline = { lengths: { '4096': 1_000 }, facts: { '': 1_000 } };
  const openClassifier = async () => ({ ...bundle, baseline });
  const router = await startRouter({}, {}, { openClassifier });
  try {
    for (let index = 0; index < 200; index++) {
      await router.router.store.recordDecision(
        decisionOf(`d${index}`, { at: Date.now(), classifier: 'bundle' }),
      );
    }
    const stats = (await (await router.get('/v1/stats?window=1h')).json()) as { alarms: unknown };
    expect(stats.alarms).toContainEqual(
      expect.objectContaining({
        name: 'lengths_drifting',
        says: expect.stringContaining('the rows that bundle was trained on'),
      }),
    );
  } finally {
    await router.close();
  }
});
