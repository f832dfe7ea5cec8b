/** The tier as the classifier sees it, with what is done about its doubt. */
import type { Classifier } from '../core/ports.ts';
import type { Classification } from '../core/routing.ts';
import { TIERS, tierAbove } from '../core/tier.ts';
import type { Choice, ChooseDeps, QualityWish, Question, Unit } from './choose.ts';
import { gate } from './gate.ts';

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}

export type ClassifyQuestion = Pick<Question, 'text' | 'unit' | 'signal' | 'quality' | 'limited'>;

interface Prediction {
  readonly classification: Classification;
  readonly by: Classifier;
  /** Why the fallback answered; undefined where the classifier did. */
  readonly failure?: string;
}

async function predict(text: string, unit: Unit, deps: ChooseDeps): Promise<Prediction> {
  const ask = async (by: Classifier): Promise<Classification> => {
    const [classification] = await by.classify([{ text }]);
    if (!classification) throw new Error('the classifier gave no answer');
    return classification;
  };
  const fallback = async (failure: string): Promise<Prediction> => {
    const by = deps.fallbackClassifier;
    return { classification: await ask(by), by, failure };
  };
  const { logger } = deps;
  const classifier = deps.classifier(unit);
  if (!classifier) return fallback('no classifier bundle is loaded');
  try {
    return { classification: await ask(classifier), by: classifier };
  } catch (error) {
    const cause = error instanceof Error ? error.message : 'unknown';
    logger.error({ classifier: classifier.id, cause }, 'the classifier failed, keyword rules decide');
    return fallback(`${classifier.id} failed`);
  }
}

/** The choice, made in doubt by a working classifier, after exploration had its chance to move it. */
function explored(choice: Choice, deps: ChooseDeps): Choice {
  const exploration = deps.explore?.(choice.tier);
  if (!exploration) return choice;
  const { tier } = exploration;
  const why = `exploration moves ${choice.tier} to ${tier} (probability ${percent(exploration.propensity)})`;
  const reasons = exploration.explored ? [...choice.reasons, why] : choice.reasons;
  return { ...choice, tier, exploration, reasons };
}

/** The cheapest tier whose chance of a good answer reaches what is wanted; models that declare it answer for it themselves. */
function atQuality(
  { classification, by, failure }: Prediction,
  { wanted, bySufficiency }: QualityWish,
): Choice {
  const { sufficiency, confidence } = classification;
  const enough = TIERS.find((tier) => sufficiency[tier] >= wanted.value) ?? 'complex';
  const chances = TIERS.map((tier) => `${tier} ${percent(sufficiency[tier])}`).join(', ');
  const how = bySufficiency
    ? `good enough with: ${chances}; ${wanted.from} wants ${percent(wanted.value)}: ${enough}`
    : `${wanted.from} wants models with a declared quality of ${wanted.value}`;
  const failed = failure ? [`${failure}: keyword rules decide`] : [];
  const reasons = [...failed, `${by.id}: ${how}`];
  const tier = bySufficiency ? enough : classification.tier;
  const source = failure ? 'fallback' : 'local';
  return { tier, source, confidence, classification, classifier: by.id, reasons };
}

/** The tier by the classifier, with its gate, judge and exploration; by the wanted quality alone where one is set. */
export async function classifyRequest(
  { text, unit, signal, quality, limited = false }: ClassifyQuestion,
  deps: ChooseDeps,
): Promise<Choice> {
  const prediction = await predict(text, unit, deps);
  if (quality) return atQuality(prediction, quality);
  const { classification, by, failure } = prediction;
  const { doubtBelow = by.doubtBelow, simpleFrom = by.simpleFrom } = failure ? by : deps;
  const verdict = gate(classification, { doubtBelow, simpleFrom });
  const { tier, confidence } = classification;
  const known = { confidence, classification, classifier: by.id, gate: verdict };
  const says = `${by.id} says ${tier} with confidence ${percent(confidence)}`;
  const first = failure ? [`${failure}: keyword rules decide`, says] : [says];
  if (verdict.sure) return { ...known, tier, source: failure ? 'fallback' : 'local', reasons: first };

  const settle = (choice: Choice): Choice => (failure || limited ? choice : explored(choice, deps));
  const doubt = `below ${percent(verdict.threshold)}: in doubt`;
  const judge = await deps.judge.judge({ text }, signal);
  if (judge.status === 'answered' && judge.tier !== undefined) {
    const answer = `judge ${judge.model ?? ''} says ${judge.tier}${judge.cached ? ' (cached)' : ''}`;
    return settle({ ...known, tier: judge.tier, source: 'nano', judge, reasons: [...first, doubt, answer] });
  }
  const up = tierAbove(tier);
  const why = `no usable answer of the judge (${judge.status.replaceAll('_', ' ')}): one tier up to ${up}`;
  return settle({ ...known, tier: up, source: 'fallback', judge, reasons: [...first, doubt, why] });
}
