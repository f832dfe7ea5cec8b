import { describe, expect, it } from 'vitest';
import type { Classifier } from '../../../src/core/ports.ts';
import type { ClassifierStats } from '../../../src/core/store.ts';
import { drawOf } from '../../../src/routing/draw.ts';
import { type CanaryLimits, createCanary, exceeded } from '../../../src/routing/monitoring/canary.ts';
import { classificationOf, createFakeClassifier } from '../../fakes/classifier.ts';
import { createFakeLogger } from '../../fakes/logger.ts';

const healthy = createFakeClassifier(() => classificationOf('simple', 0.9), { id: 'c' });
const broken = createFakeClassifier(
  () => {
    throw new Error('tensor is broken');
  },
  { id: 'c' },
);
const KEYS = Array.from({ length: 2_000 }, (_, at) => `session-${at}`);

const NOTHING = { finished: 0, escalated: 0, rated: 0, down: 0 };

function stage({
  share = 0.2,
  limits = {},
  seen = {},
  classifier = healthy,
}: {
  share?: number;
  limits?: Partial<CanaryLimits>;
  seen?: Partial<typeof NOTHING> | Error;
  classifier?: Classifier | null;
} = {}) {
  const logger = createFakeLogger();
  const canary = createCanary({
    id: 'c',
    share,
    limits: { minRequests: 50, ...limits },
    classifier: () => classifier ?? undefined,
    seen: async () => {
      if (seen instanceof Error) throw seen;
      const nothing: Omit<ClassifierStats, keyof typeof NOTHING> = {
        requests: 0,
        byTier: { simple: 0, moderate: 0, complex: 0 },
        shadows: {},
      };
      return { ...nothing, ...NOTHING, ...seen };
    },
    logger,
  });
  return { canary, logger };
}

describe('the share of a canary', () => {
  it('is drawn evenly and always the same for a session', () => {
    const picked = KEYS.filter((key) => stage().canary.pick(key));
    expect(picked.length / KEYS.length).toBeGreaterThan(0.16);
    expect(picked.length / KEYS.length).toBeLessThan(0.24);
    expect(KEYS.filter((key) => stage().canary.pick(key))).toEqual(picked);
  });

  it('grows by adding sessions, and at the ends is nobody and everybody', () => {
    const of = (share: number): string[] => KEYS.filter((key) => stage({ share }).canary.pick(key));
    expect(of(0.4)).toEqual(expect.arrayContaining(of(0.2)));
    expect(of(0)).toEqual([]);
    expect(of(1)).toEqual(KEYS);
  });

  it('is a number in [0, 1) that depends on the whole text', () => {
    const draws = KEYS.map(drawOf);
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
    expect(new Set(draws).size).toBe(KEYS.length);
  });

  it('is nothing while its bundle is not loaded', () => {
    const { canary } = stage({ share: 1, classifier: null });
    expect(canary.pick('s')).toBeUndefined();
    expect(canary.offBecause()).toBe('its bundle is not loaded');
  });
});

describe('the limits of a canary', () => {
  it.each([
    { says: 'nothing without limits', limits: {}, seen: { finished: 100, escalated: 100 }, off: false },
    {
      says: 'escalations beyond the limit for sure',
      limits: { maxEscalationRate: 0.1 },
      seen: { finished: 100, escalated: 20 },
      off: true,
    },
    {
      says: 'nothing while the interval still holds the limit',
      limits: { maxEscalationRate: 0.1 },
      seen: { finished: 100, escalated: 15 },
      off: false,
    },
    {
      says: 'nothing before enough was seen',
      limits: { maxEscalationRate: 0.1 },
      seen: { finished: 49, escalated: 49 },
      off: false,
    },
    {
      says: 'thumbs down beyond the limit for sure',
      limits: { maxDownRate: 0.3, minRequests: 10 },
      seen: { finished: 1_000, rated: 10, down: 8 },
      off: true,
    },
    {
      says: 'nothing of too few thumbs',
      limits: { maxDownRate: 0.3 },
      seen: { finished: 1_000, rated: 10, down: 10 },
      off: false,
    },
    {
      says: 'nothing of a limit of 1',
      limits: { maxEscalationRate: 1 },
      seen: { finished: 1_000, escalated: 1_000 },
      off: false,
    },
  ])('say $says', ({ limits, seen, off }) => {
    const verdict = exceeded({ ...NOTHING, ...seen }, { minRequests: 50, ...limits });
    expect(verdict !== undefined).toBe(off);
  });

  it('switch it off for good, loudly and once', async () => {
    const { canary, logger } = stage({
      share: 1,
      limits: { maxEscalationRate: 0.1 },
      seen: { finished: 100, escalated: 50 },
    });
    expect(canary.pick('s')?.id).toBe('c');
    await canary.check();
    await canary.check();
    expect(canary.pick('s')).toBeUndefined();
    expect(canary.offBecause()).toBe('50 escalations of 100: at least 40.4 %, the limit is 10.0 %');
    expect(logger.entries).toMatchObject([{ level: 'error', fields: { canary: 'c' } }]);
  });

  it('leave it on where they cannot be looked at, and say so', async () => {
    const { canary, logger } = stage({ share: 1, seen: new Error('store is gone') });
    await canary.check();
    expect(canary.pick('s')).toBeDefined();
    expect(logger.entries).toMatchObject([{ level: 'error', fields: { canary: 'c' } }]);
  });
});

describe('a canary that fails', () => {
  it('is switched off by its first failure', async () => {
    const { canary, logger } = stage({ share: 1, classifier: broken });
    await expect(canary.pick('s')?.classify([{ text: 'x' }])).rejects.toThrow('tensor is broken');
    expect(canary.pick('s')).toBeUndefined();
    expect(canary.offBecause()).toBe('it failed: tensor is broken');
    expect(logger.entries).toHaveLength(1);
  });
});
