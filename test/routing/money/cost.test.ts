import { describe, expect, it } from 'vitest';
import type { Usage } from '../../../src/core/chat.ts';
import type { Price } from '../../../src/core/routing.ts';
import { costOf, plainUsage, sumCosts } from '../../../src/routing/money/cost.ts';

const PRICE: Price = { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, asOf: '2026-01-01' };
const { cachedInput: _, cacheWrite: __, ...PLAIN_PRICE } = PRICE;
const usage = (over: Partial<Usage>): Usage => ({ ...plainUsage(0, 0), ...over });

describe('costOf', () => {
  const cases: readonly [string, Price, Usage, number][] = [
    ['plain tokens', PRICE, usage({ inputTokens: 1_000_000, outputTokens: 1_000_000 }), 18],
    [
      'cached input at its own price',
      PRICE,
      usage({ inputTokens: 1_000_000, cachedInputTokens: 900_000 }),
      0.57,
    ],
    ['cache writes at theirs', PRICE, usage({ inputTokens: 1_000_000, cacheWriteTokens: 1_000_000 }), 3.75],
    [
      'no discount where none is stated',
      PLAIN_PRICE,
      usage({ inputTokens: 1_000_000, cachedInputTokens: 500_000 }),
      3,
    ],
    [
      'reasoning as part of the output',
      PRICE,
      usage({ outputTokens: 1_000_000, reasoningTokens: 800_000 }),
      15,
    ],
    [
      'more cached than input without going below zero',
      PRICE,
      usage({ inputTokens: 1, cachedInputTokens: 1e6 }),
      0.3,
    ],
  ];
  it.each(cases)('prices %s', (_, price, used, usd) => {
    expect(costOf(price, used)).toBeCloseTo(usd, 10);
  });

  it('prices what is cached for an hour apart, as cache writes where it has no price of its own', () => {
    const written = usage({
      inputTokens: 1_000_000,
      cacheWriteTokens: 1_000_000,
      cacheWrite1hTokens: 400_000,
    });
    expect(costOf({ ...PRICE, cacheWrite1h: 6 }, written)).toBe(0.6 * 3.75 + 0.4 * 6);
    expect(costOf(PRICE, written)).toBe(3.75);
  });

  it.each([
    [100, 100 * 3],
    [101, 101 * 6],
    [201, 201 * 9],
  ])('prices a prompt of %d tokens by the highest bound it passes', (inputTokens, micros) => {
    const steps = [
      { tokens: 200, input: 9, output: 9 },
      { tokens: 100, input: 6, output: 6 },
    ];
    expect(costOf({ ...PRICE, above: steps }, usage({ inputTokens }))).toBe(micros / 1e6);
  });

  it('is whole picodollars, so that sums do not drift', () => {
    const each = costOf(
      { input: 0.1, output: 0.7, asOf: '2026-01-01' },
      usage({ inputTokens: 1, outputTokens: 1 }),
    );
    expect(each).toBe(0.000_000_8);
    expect(sumCosts(Array.from({ length: 1_000 }, () => each))).toBe(0.000_8);
  });

  it('is null where price or usage is unknown', () => {
    expect(costOf(undefined, plainUsage(1, 1))).toBeNull();
    expect(costOf(PRICE, undefined)).toBeNull();
  });
});

describe('sumCosts', () => {
  it.each([
    [[], 0],
    [[1, 2], 3],
    [[1, null, 2], null],
  ])('of %j is %j', (costs, sum) => {
    expect(sumCosts(costs)).toBe(sum);
  });
});
