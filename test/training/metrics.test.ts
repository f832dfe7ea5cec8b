import { describe, expect, test } from 'vitest';
import type { Tier } from '../../src/core/tier.ts';
import { bootstrap } from '../../src/training/bootstrap.ts';
import { cascade, parseJudgeAnswers } from '../../src/training/cascade.ts';
import {
  accuracy,
  accuracyAtCoverage,
  brier,
  calibrationError,
  complexToSimple,
  f1,
  type Judged,
  macroF1,
  misrouted,
  simpleKept,
} from '../../src/training/metrics.ts';
import { fitPlatt } from '../../src/training/platt.ts';
import { createRandom } from '../../src/training/random.ts';
import { clopperPearsonUpper, doubtForShare, simpleFrom } from '../../src/training/thresholds.ts';

function row(
  truth: Tier,
  tier: Tier,
  confidence: number,
  simple = tier === 'simple' ? confidence : 0,
): Judged {
  const probabilities = { simple, moderate: 1 - simple, complex: 0 };
  return { truth, tier, confidence, probabilities };
}

const ROWS = [
  row('simple', 'simple', 0.9),
  row('simple', 'moderate', 0.6),
  row('moderate', 'moderate', 0.8),
  row('complex', 'simple', 0.5),
  row('complex', 'complex', 0.7),
];

describe('metrics', () => {
  test('count right, under and over', () => {
    expect(accuracy(ROWS)).toBe(0.6);
    expect(misrouted(ROWS)).toEqual({ under: 0.2, over: 0.2 });
    expect(complexToSimple(ROWS)).toBe(0.5);
  });

  test('F1 by hand', () => {
    expect(f1(ROWS, 'simple')).toBeCloseTo(0.5);
    expect(f1(ROWS, 'moderate')).toBeCloseTo(2 / 3);
    expect(macroF1(ROWS)).toBeCloseTo((0.5 + 2 / 3 + 2 / 3) / 3);
  });

  test('coverage takes the surest rows', () => {
    expect(accuracyAtCoverage(ROWS, 0.4)).toBe(1);
    expect(accuracyAtCoverage(ROWS, 1)).toBe(0.6);
  });

  test('calibration error is zero when confidence is the share of right ones', () => {
    const half = [row('simple', 'simple', 0.5), row('moderate', 'simple', 0.5)];
    expect(calibrationError(half)).toBeCloseTo(0);
    expect(calibrationError([row('simple', 'simple', 0.9)])).toBeCloseTo(0.1);
    expect(brier([row('simple', 'simple', 1)])).toBe(0);
  });

  test('simple kept: the bound lets no complex row by when the risk rounds to none', () => {
    expect(simpleKept(ROWS, 0.05)).toBe(0.5);
  });

  test('bootstrap intervals hold the value and are repeatable', () => {
    const first = bootstrap(ROWS, accuracy, { rounds: 200 });
    expect(first.low).toBeLessThanOrEqual(first.value);
    expect(first.high).toBeGreaterThanOrEqual(first.value);
    expect(bootstrap(ROWS, accuracy, { rounds: 200 })).toEqual(first);
  });
});

describe('thresholds', () => {
  test.each([
    [0, 10, 0.2589],
    [1, 10, 0.3942],
    [0, 59, 0.0495],
  ])('Clopper-Pearson: %i of %i', (hits, count, upper) => {
    expect(clopperPearsonUpper(hits, count, 0.95)).toBeCloseTo(upper, 3);
  });

  test('promises nothing from few complex rows, and holds its bound on many', () => {
    expect(simpleFrom(ROWS, 0.05)).toBeUndefined();
    const random = createRandom(3);
    const many = Array.from({ length: 2_000 }, () => row('complex', 'simple', 0.5, random.next() ** 2));
    const bound = simpleFrom(many, 0.05) ?? 0;
    const above = many.filter(({ probabilities }) => probabilities.simple >= bound).length / many.length;
    expect(above).toBeLessThan(0.05);
    expect(above).toBeGreaterThan(0.03);
  });

  test('doubt covers the wanted share', () => {
    const threshold = doubtForShare(ROWS, 0.4);
    expect(ROWS.filter(({ confidence }) => confidence < threshold).length).toBe(2);
    expect(doubtForShare(ROWS, 0)).toBe(0);
  });
});

test('Platt scaling finds the slope that made the answers', () => {
  const random = createRandom(5);
  const scores = Array.from({ length: 6_000 }, () => 4 * random.normal());
  const answers = scores.map((score) => (random.next() < 1 / (1 + Math.exp(-(0.5 * score - 1))) ? 1 : 0));
  const { slope, offset } = fitPlatt(
    scores,
    answers,
    scores.map(() => 1),
  );
  expect(slope).toBeCloseTo(0.5, 1);
  expect(offset).toBeCloseTo(-1, 0);
});

test('the cascade asks the least sure first', () => {
  const judges = parseJudgeAnswers('{"id":"a","nano":"COMPLEX"}\n{"id":"b","nano":"perhaps"}\n');
  const rows = [
    { ...row('complex', 'simple', 0.4), id: 'a' },
    { ...row('simple', 'simple', 0.9), id: 'b' },
  ];
  const points = cascade(rows, judges.get('nano') ?? new Map());
  expect(points[0]?.accuracy).toBe(0.5);
  expect(points[5]?.accuracy).toBe(1);
  expect(points[10]?.accuracy).toBe(1);
});
