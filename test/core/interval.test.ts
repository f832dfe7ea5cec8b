import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareOf } from '../../src/core/interval.ts';

describe('the interval of a share', () => {
  it.each([
    // Published values: Wilson's score interval, 95 %.
    { count: 0, of: 10, low: 0, high: 0.2775 },
    { count: 10, of: 10, low: 0.7225, high: 1 },
    { count: 5, of: 10, low: 0.2366, high: 0.7634 },
    { count: 81, of: 263, low: 0.2553, high: 0.3662 },
  ])('of $count in $of is $low to $high', ({ count, of, low, high }) => {
    const share = shareOf(count, of);
    expect(share.rate).toBe(count / of);
    expect(share.low).toBeCloseTo(low, 4);
    expect(share.high).toBeCloseTo(high, 4);
  });

  it('is unknown of nothing', () => {
    expect(shareOf(0, 0)).toEqual({ count: 0, of: 0, rate: null, low: null, high: null });
  });

  it('holds the rate and lies within 0 and 1', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(1_000), (count, more) => {
        fc.pre(count + more > 0);
        const { rate, low, high } = shareOf(count, count + more);
        expect(low).toBeLessThanOrEqual((rate ?? 2) + 1e-12);
        expect(high).toBeGreaterThanOrEqual((rate ?? -1) - 1e-12);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });
});
