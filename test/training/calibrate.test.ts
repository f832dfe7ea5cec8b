import { describe, expect, test } from 'vitest';
import { TIERS, type Tier } from '../../src/core/tier.ts';
import { gate } from '../../src/routing/gate.ts';
import { CalibrationError, chooseThresholds } from '../../src/training/calibrate.ts';
import type { Judged } from '../../src/training/metrics.ts';
import { classificationOf } from '../fakes/classifier.ts';

/** 300 rows; every tenth complex one looks simple. */
const ROWS = Array.from({ length: 300 }, (_, at): Judged => {
  const truth: Tier = TIERS[at % 3] ?? 'simple';
  const says = truth === 'complex' && at % 30 === 2 ? 'simple' : truth;
  return { truth, ...classificationOf(says, 0.5 + (truth === says ? at : at / 3) / 700) };
});

const doubted = (rows: readonly Judged[], bounds: Parameters<typeof gate>[1]): number =>
  rows.filter((row) => !gate(row, bounds).sure).length / rows.length;

describe('chooseThresholds', () => {
  test.each([0.1, 0.3, 0.5])('a share of %f is what the gate then doubts', (share) => {
    const { thresholds, doubtful } = chooseThresholds(ROWS, { share });
    expect(thresholds.simpleFrom).toBeUndefined();
    expect(doubted(ROWS, thresholds)).toBeCloseTo(doubtful, 10);
    expect(doubtful).toBeCloseTo(share, 1);
  });

  test('a risk alone doubts nothing but simple predictions, and lets few complex rows pass', () => {
    const { thresholds, doubtful } = chooseThresholds(ROWS, { share: 0, risk: 0.05 });
    expect(thresholds.doubtBelow).toBe(0);
    expect(doubted(ROWS, thresholds)).toBeCloseTo(doubtful, 10);
    expect(doubtful).toBeGreaterThan(0);
    const passed = ROWS.filter((row) => row.tier === 'simple' && gate(row, thresholds).sure);
    expect(passed.some(({ truth }) => truth === 'simple')).toBe(true);
    expect(passed.filter(({ truth }) => truth === 'complex').length).toBeLessThan(5);
  });

  test('with both, the gate doubts at least as much as with either', () => {
    const both = chooseThresholds(ROWS, { share: 0.2, risk: 0.05 }).doubtful;
    expect(both).toBeGreaterThanOrEqual(chooseThresholds(ROWS, { share: 0.2 }).doubtful);
    expect(both).toBeGreaterThanOrEqual(chooseThresholds(ROWS, { share: 0, risk: 0.05 }).doubtful);
  });

  test('a promise that the rows cannot bear out is an error', () => {
    expect(() => chooseThresholds(ROWS.slice(0, 30), { share: 0.3, risk: 0.05 })).toThrow(CalibrationError);
  });
});
