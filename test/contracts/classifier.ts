/** What core/ports.ts promises of every Classifier. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Classifier } from '../../src/core/ports.ts';
import { TIERS } from '../../src/core/tier.ts';

const TEXTS = [
  '',
  ' ',
  'hi',
  'Prove that the square root of two is irrational.',
  '<|tools:4|> <|turns:2|> fix the build',
  '日本の首都はどこですか。',
  '\ud800 lone surrogate \u0000',
  'word '.repeat(5_000),
  'ｆｕｌｌ ｗｉｄｔｈ',
];

/** Runs the contract on one open classifier, which it closes. */
export function classifierContract(name: string, open: () => Promise<Classifier>): void {
  describe(name, () => {
    let classifier: Classifier;
    beforeAll(async () => {
      classifier = await open();
    });
    afterAll(() => classifier.close());

    it('answers each input in order, alone as in a batch', async () => {
      const batch = await classifier.classify(TEXTS.map((text) => ({ text })));
      expect(batch).toHaveLength(TEXTS.length);
      for (const [at, text] of TEXTS.entries()) {
        expect(await classifier.classify([{ text }]), text.slice(0, 40)).toEqual([batch[at]]);
      }
    });

    it('answers nothing with nothing', async () => {
      expect(await classifier.classify([])).toEqual([]);
    });

    it('gives a distribution, and sufficiencies that never fall with the tier', async () => {
      for (const { probabilities, sufficiency, tier, confidence } of await classifier.classify(
        TEXTS.map((text) => ({ text })),
      )) {
        expect(TIERS).toContain(tier);
        expect(TIERS.reduce((sum, each) => sum + probabilities[each], 0)).toBeCloseTo(1, 6);
        expect(sufficiency.complex).toBeCloseTo(1, 6);
        expect(sufficiency.simple).toBeLessThanOrEqual(sufficiency.moderate + 1e-9);
        expect(sufficiency.moderate).toBeLessThanOrEqual(sufficiency.complex + 1e-9);
        for (const share of [confidence, ...Object.values(probabilities), ...Object.values(sufficiency)]) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1 + 1e-9);
        }
      }
    });

    it('says from which confidence on it is sure', () => {
      expect(classifier.id).not.toBe('');
      expect(classifier.doubtBelow).toBeGreaterThanOrEqual(0);
      expect(classifier.doubtBelow).toBeLessThanOrEqual(1);
    });
  });
}
