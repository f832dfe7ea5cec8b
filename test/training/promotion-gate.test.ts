import { describe, expect, it } from 'vitest';
import { TIERS, type Tier, tierRank } from '../../src/core/tier.ts';
import type { Judged } from '../../src/training/metrics.ts';
import { type Bout, judgeChallenger, LEAST_ROWS } from '../../src/training/promotion-gate.ts';
import { createRandom } from '../../src/training/random.ts';

const ROWS = 600;
const TRUTHS = Array.from({ length: ROWS }, (_, index): Tier => TIERS[index % 3] ?? 'simple');

/** Judges with the given chance of being right, calibrated; a miss goes to the tier `missTo` chooses. */
function judged(right: number, seed: number, missTo: (truth: Tier) => Tier = neighbour): Judged[] {
  const random = createRandom(seed);
  return TRUTHS.map((truth) => {
    const tier = random.next() < right ? truth : missTo(truth);
    const rest = (1 - right) / 2;
    const probabilities = { simple: rest, moderate: rest, complex: rest, [tier]: right };
    return { truth, tier, confidence: right, probabilities };
  });
}

function neighbour(truth: Tier): Tier {
  return TIERS[tierRank(truth) + 1] ?? 'moderate';
}

const bout = (champion: readonly Judged[], challenger: readonly Judged[], name = 'base'): Bout => ({
  name,
  champion,
  challenger,
});

describe('the promotion gate', () => {
  it('promotes a challenger that is clearly better', () => {
    const report = judgeChallenger([bout(judged(0.6, 1), judged(0.8, 2))]);
    expect(report.promoted).toBe(true);
    expect(report.differences.find(({ figure }) => figure === 'accuracy')?.verdict).toBe('better');
  });

  it('keeps the champion where both are the same', () => {
    const same = judged(0.7, 1);
    expect(judgeChallenger([bout(same, same)])).toMatchObject({
      promoted: false,
      reason: 'accuracy is not better beyond chance',
    });
  });

  it('refuses a challenger that is better on one set and worse on another', () => {
    const recent = bout(judged(0.6, 1), judged(0.8, 2), 'recent');
    const base = bout(judged(0.8, 3), judged(0.6, 4), 'base');
    expect(judgeChallenger([recent, base])).toMatchObject({
      promoted: false,
      reason: expect.stringContaining('on base'),
    });
  });

  it('refuses more accuracy at the price of complex requests sent to simple models', () => {
    const risky = (truth: Tier): Tier => (truth === 'complex' ? 'simple' : neighbour(truth));
    const report = judgeChallenger([bout(judged(0.7, 1), judged(0.78, 2, risky))]);
    expect(report).toMatchObject({ promoted: false, reason: expect.stringContaining('complexToSimple') });
  });

  it('refuses a challenger that learnt from shuffled labels', () => {
    const random = createRandom(5);
    const guess = (): Tier => TIERS[random.below(3)] ?? 'simple';
    expect(judgeChallenger([bout(judged(0.7, 1), judged(0, 2, guess))]).promoted).toBe(false);
  });

  describe('with cost as the objective', () => {
    const above = (truth: Tier): Tier => TIERS[tierRank(truth) + 1] ?? 'complex';
    const wasteful = judged(0.7, 1, above);

    it('promotes a challenger that is cheaper and no less sufficient', () => {
      const report = judgeChallenger([bout(wasteful, judged(0.9, 2, above))], { objective: 'cost' });
      expect(report).toMatchObject({
        promoted: true,
        objective: 'cost',
        reason: expect.stringContaining('cost on'),
      });
      const cost = report.differences.find(({ figure }) => figure === 'cost');
      const share = (rows: readonly Judged[]): number =>
        rows.reduce((sum, { tier }) => sum + { simple: 1, moderate: 5, complex: 25 }[tier] / 25, 0) /
        rows.length;
      expect(cost?.champion).toBeCloseTo(share(wasteful));
      expect(cost?.value).toBeLessThan(-0.02);
    });

    it('refuses one that is cheaper because its answers are not good enough', () => {
      const below = (truth: Tier): Tier => TIERS[tierRank(truth) - 1] ?? 'simple';
      const report = judgeChallenger([bout(judged(0.8, 1, above), judged(0.8, 2, below))], {
        objective: 'cost',
      });
      expect(report).toMatchObject({ promoted: false, reason: expect.stringContaining('sufficiency') });
    });

    it('refuses one that is more accurate at the same cost, which accuracy promotes', () => {
      const swap = (truth: Tier): Tier =>
        truth === 'complex' ? 'complex' : truth === 'simple' ? 'moderate' : 'simple';
      const bouts = [bout(judged(0.6, 1, swap), judged(0.9, 2, swap))];
      expect(judgeChallenger(bouts).promoted).toBe(true);
      expect(judgeChallenger(bouts, { objective: 'cost' })).toMatchObject({
        promoted: false,
        reason: 'cost is not better beyond chance',
      });
    });

    it('counts in the prices it is given', () => {
      const prices = { simple: 1, moderate: 1, complex: 1 };
      const report = judgeChallenger([bout(wasteful, judged(0.9, 2, above))], { objective: 'cost', prices });
      expect(report.differences.find(({ figure }) => figure === 'cost')).toMatchObject({
        champion: 1,
        value: 0,
      });
      expect(report.promoted).toBe(false);
    });
  });

  it('proves nothing with too few rows', () => {
    const few = bout(judged(0.1, 1).slice(0, LEAST_ROWS - 1), judged(1, 2).slice(0, LEAST_ROWS - 1));
    expect(judgeChallenger([few])).toMatchObject({ promoted: false, differences: [] });
  });

  it('has intervals that hold the difference', () => {
    for (const { value, low, high } of judgeChallenger([bout(judged(0.6, 1), judged(0.7, 2))]).differences) {
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
    }
  });
});
