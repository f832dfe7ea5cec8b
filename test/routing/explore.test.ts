import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TIERS } from '../../src/core/tier.ts';
import { armsOf, explore } from '../../src/routing/explore.ts';

const tier = fc.constantFrom(...TIERS);
const exploration = fc.record({
  rate: fc.double({ min: 0, max: 0.5, noNaN: true }),
  allowDown: fc.boolean(),
});

describe('exploration', () => {
  it('gives tiers whose probabilities sum to one, none twice', () => {
    fc.assert(
      fc.property(tier, exploration, (chosen, how) => {
        const arms = armsOf(chosen, how);
        expect(arms.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
        expect(new Set(arms.map((arm) => arm.tier)).size).toBe(arms.length);
        expect(arms.every(({ probability }) => probability >= 0)).toBe(true);
      }),
    );
  });

  it('logs the very probability with which the tier is drawn, explored or not', () => {
    const draws = Array.from({ length: 1_000 }, (_, at) => (at + 0.5) / 1_000);
    fc.assert(
      fc.property(tier, exploration, (chosen, how) => {
        const drawn = draws.map((draw) => explore(chosen, how, draw));
        for (const arm of armsOf(chosen, how)) {
          const hits = drawn.filter((each) => each.tier === arm.tier);
          expect(Math.abs(hits.length / draws.length - arm.probability)).toBeLessThanOrEqual(0.002);
          for (const hit of hits) {
            expect(hit.propensity).toBe(arm.probability);
            expect(hit.explored).toBe(arm.tier !== chosen);
          }
        }
        const inverse = drawn.reduce((sum, { propensity }) => sum + 1 / propensity, 0) / draws.length;
        const possible = armsOf(chosen, how).filter(({ probability }) => probability > 0.01).length;
        expect(inverse).toBeGreaterThan(possible - 0.5);
      }),
    );
  });

  it.each([
    { chosen: 'simple', allowDown: false, tiers: ['simple', 'moderate'] },
    { chosen: 'simple', allowDown: true, tiers: ['simple', 'moderate'] },
    { chosen: 'moderate', allowDown: false, tiers: ['moderate', 'complex'] },
    { chosen: 'moderate', allowDown: true, tiers: ['moderate', 'complex', 'simple'] },
    { chosen: 'complex', allowDown: false, tiers: ['complex'] },
    { chosen: 'complex', allowDown: true, tiers: ['complex', 'moderate'] },
  ] as const)('from $chosen (down: $allowDown) reaches $tiers', ({ chosen, allowDown, tiers }) => {
    expect(armsOf(chosen, { rate: 0.2, allowDown }).map((arm) => arm.tier)).toEqual(tiers);
  });

  it('never explores at rate 0', () => {
    expect(explore('simple', { rate: 0, allowDown: true }, 0)).toEqual({
      tier: 'simple',
      propensity: 1,
      explored: false,
    });
  });
});
