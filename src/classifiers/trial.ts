/** A loaded bundle answers before anything depends on it. */
import type { Classifier } from '../core/ports.ts';
import { isTier, TIERS } from '../core/tier.ts';

const SAMPLE = 'What is the capital of Peru?';
/** How far the probabilities of one answer may sum from 1. */
const TOLERANCE = 1e-3;

/** Puts a sample text to the classifier. Rejects where it fails or its answer is no distribution over the tiers. */
async function tryClassifier(classifier: Classifier): Promise<void> {
  const [answer] = await classifier.classify([{ text: SAMPLE }]);
  if (!answer) throw new Error(`${classifier.id} gave no answer to a sample text`);
  const total = TIERS.reduce((sum, tier) => sum + answer.probabilities[tier], 0);
  const valid = isTier(answer.tier) && answer.confidence >= 0 && answer.confidence <= 1;
  if (!valid || !(Math.abs(total - 1) <= TOLERANCE)) {
    throw new Error(`${classifier.id} answered a sample text with no distribution over the tiers`);
  }
}

/** Opens and tries a classifier; one that fails the trial is closed again. */
export async function openTried(open: () => Promise<Classifier>): Promise<Classifier> {
  const classifier = await open();
  try {
    await tryClassifier(classifier);
    return classifier;
  } catch (error) {
    await classifier.close();
    throw error;
  }
}
