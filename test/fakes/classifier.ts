import type { Classifier } from '../../src/core/ports.ts';
import type { Classification } from '../../src/core/routing.ts';
import { perTier, type Tier, tierRank } from '../../src/core/tier.ts';

/** A classification of the given tier and confidence; the rest is spread evenly. */
export function classificationOf(tier: Tier, confidence: number): Classification {
  const probabilities = perTier((each) => (each === tier ? confidence : (1 - confidence) / 2));
  const { simple, moderate } = probabilities;
  const sufficiency = perTier((each) => [simple, simple + moderate, 1][tierRank(each)] ?? 1);
  return { tier, confidence, probabilities, sufficiency };
}

/** A classifier that says what `answer` makes of the text; it fails where that throws. */
export function createFakeClassifier(
  answer: (text: string) => Classification,
  {
    id = 'fake',
    doubtBelow = 0.7,
    ...bounds
  }: Partial<Pick<Classifier, 'id' | 'doubtBelow' | 'simpleFrom'>> = {},
): Classifier {
  return {
    id,
    doubtBelow,
    ...bounds,
    classify: async (inputs) => inputs.map(({ text }) => answer(text)),
    close: async () => {},
  };
}
