import { describe, expect, it } from 'vitest';
import type { Classifier } from '../../../src/core/ports.ts';
import type { ShadowAnswer } from '../../../src/core/routing.ts';
import { createShadow } from '../../../src/routing/monitoring/shadow.ts';
import { decisionOf } from '../../contracts/store.ts';
import { classificationOf, createFakeClassifier } from '../../fakes/classifier.ts';
import { createFakeLogger } from '../../fakes/logger.ts';

function stage(classifier: Classifier | undefined, maxInFlight = 2) {
  const logger = createFakeLogger();
  const recorded: [string, ShadowAnswer][] = [];
  const shadow = createShadow({
    classifier: () => classifier,
    record: async (id, answer) => {
      recorded.push([id, answer]);
    },
    maxInFlight,
    logger,
  });
  return { shadow, logger, recorded };
}

const classified = (id: string) => decisionOf(id, { classification: classificationOf('simple', 0.9) });
const second = createFakeClassifier(() => classificationOf('complex', 0.8), { id: 'second' });

describe('the shadow', () => {
  it('keeps its answer beside the decision, after the request went its way', async () => {
    const { shadow, recorded } = stage(second);
    shadow.observe(classified('d'));
    expect(recorded).toEqual([]);
    await shadow.close();
    expect(recorded).toEqual([['d', { classifier: 'second', tier: 'complex', confidence: 0.8 }]]);
  });

  it('is not asked where the classifier was not, nor after it was closed, nor without a bundle', async () => {
    const { shadow, recorded } = stage(second);
    shadow.observe(decisionOf('forced', { source: 'override' }));
    await shadow.close();
    shadow.observe(classified('late'));
    const without = stage(undefined);
    without.shadow.observe(classified('d'));
    await without.shadow.close();
    expect([...recorded, ...without.recorded]).toEqual([]);
  });

  it('passes over what is more than it may do at once, and counts it', async () => {
    const { shadow, recorded } = stage(second, 2);
    for (const id of ['a', 'b', 'c', 'd', 'e']) shadow.observe(classified(id));
    await shadow.close();
    expect(recorded.map(([id]) => id)).toEqual(['a', 'b']);
    expect(shadow.skipped()).toBe(3);
  });

  it('says once that it fails, until it works again', async () => {
    let broken = true;
    const unsteady = createFakeClassifier(() => {
      if (broken) throw new Error('tensor is broken');
      return classificationOf('simple', 1);
    });
    const { shadow, logger, recorded } = stage(unsteady, 100);
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    for (const id of ['a', 'b', 'c']) shadow.observe(classified(id));
    await settle();
    expect(logger.entries).toMatchObject([{ level: 'warn' }]);
    broken = false;
    shadow.observe(classified('d'));
    await settle();
    broken = true;
    shadow.observe(classified('e'));
    await shadow.close();
    expect(recorded.map(([id]) => id)).toEqual(['d']);
    expect(logger.entries).toHaveLength(2);
  });
});
