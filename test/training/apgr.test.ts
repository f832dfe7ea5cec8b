import { describe, expect, it } from 'vitest';
import { apgrInterval, type Routed, routerFigures } from '../../src/training/apgr.ts';

/** Ten prompts: the strong model gets all right, the weak one the last five. */
function rows(trust: (index: number) => number): Routed[] {
  return Array.from({ length: 10 }, (_, index) => ({
    weak: index < 5 ? 0 : 1,
    strong: 1,
    trust: trust(index),
  }));
}

describe('routerFigures', () => {
  it('recovers the gap first in the order of an oracle', () => {
    // the curve rises 0.2 a call over the first five calls, then stays at 1: area 0.25 + 0.5
    expect(routerFigures(rows((index) => index))).toEqual({ apgr: 0.75, cpt50: 0.3, cpt80: 0.4 });
  });

  it('recovers it last in the opposite order', () => {
    expect(routerFigures(rows((index) => -index)).apgr).toBeCloseTo(0.25, 12);
  });

  it('is a half where every second call helps', () => {
    const { apgr } = routerFigures(rows((index) => (index < 5 ? 2 * index + 0.5 : 2 * (index - 5))));
    expect(apgr).toBeGreaterThan(0.4);
    expect(apgr).toBeLessThan(0.6);
  });

  it('has an interval that holds it', () => {
    const many = Array.from({ length: 20 }, () => rows((index) => index)).flat();
    const { low, high } = apgrInterval(many, 200);
    expect(low).toBeLessThanOrEqual(0.75);
    expect(high).toBeGreaterThanOrEqual(0.75);
    expect(high - low).toBeLessThan(0.2);
  });
});
