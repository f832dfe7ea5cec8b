/** Which tier, and who says so. Rejects with `unknown_model` only. */
import type { ChatRequest } from '../core/chat.ts';
import { RouterError } from '../core/errors.ts';
import type { Classifier, Judge, Logger } from '../core/ports.ts';
import type { Classification, DecisionSource, GateVerdict, JudgeAnswer, ModelSpec } from '../core/routing.ts';
import { type Tier, tierAbove } from '../core/tier.ts';
import type { AgentCall } from './agent-calls.ts';
import type { Explored } from './explore.ts';
import { gate } from './gate.ts';
import { type MissingModel, parseWanted } from './override.ts';
import type { StaticRoute } from './static-route.ts';

/** What a share of the traffic is drawn by: the session where there is one, else the decision. */
export interface Unit {
  readonly decision: string;
  readonly session?: string;
}

export interface ChooseDeps {
  /**
   * The classifier of one decision; undefined where no bundle could be loaded. Called once per decision, whose
   * classification, threshold and id so come from one bundle whatever is swapped meanwhile.
   */
  readonly classifier: (unit: Unit) => Classifier | undefined;
  /** Answers where the classifier is absent or fails. */
  readonly fallbackClassifier: Classifier;
  readonly judge: Judge;
  readonly models: readonly ModelSpec[];
  /** Configured models whose provider's key is missing. */
  readonly unavailable?: readonly MissingModel[];
  /** Replaces the classifier's calibrated threshold. */
  readonly doubtBelow?: number;
  /** Replaces the classifier's calibrated bound of P(simple). */
  readonly simpleFrom?: number;
  /** Moves the tier of a doubtful request by chance; absent: never. */
  readonly explore?: (tier: Tier) => Explored;
  readonly logger: Logger;
}

/** A tier, who chose it, and what was learnt on the way. */
export interface Choice {
  readonly tier: Tier;
  readonly source: DecisionSource;
  readonly confidence: number;
  readonly pinned?: ModelSpec;
  readonly classification?: Classification;
  readonly classifier?: string;
  readonly gate?: GateVerdict;
  readonly judge?: JudgeAnswer;
  readonly exploration?: Explored;
  readonly reasons: readonly string[];
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}

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

async function classified(text: string, unit: Unit, signal: AbortSignal, deps: ChooseDeps): Promise<Choice> {
  const { classification, by, failure } = await predict(text, unit, deps);
  const { doubtBelow = by.doubtBelow, simpleFrom = by.simpleFrom } = failure ? by : deps;
  const verdict = gate(classification, { doubtBelow, simpleFrom });
  const { tier, confidence } = classification;
  const known = { confidence, classification, classifier: by.id, gate: verdict };
  const says = `${by.id} says ${tier} with confidence ${percent(confidence)}`;
  const first = failure ? [`${failure}: keyword rules decide`, says] : [says];
  if (verdict.sure) return { ...known, tier, source: failure ? 'fallback' : 'local', reasons: first };

  const settle = (choice: Choice): Choice => (failure ? choice : explored(choice, deps));
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

function routedModel(route: string, id: string, models: readonly ModelSpec[]): ModelSpec {
  const model = models.find((candidate) => candidate.id === id);
  if (model) return model;
  throw new RouterError('unknown_model', `Static route ${route} pins ${id}, which is not available.`);
}

export interface Question {
  readonly request: ChatRequest;
  readonly text: string;
  readonly route: StaticRoute | undefined;
  /** Set where a coding agent calls on its own account. */
  readonly agentCall?: AgentCall | undefined;
  readonly unit: Unit;
  readonly signal: AbortSignal;
}

/**
 * Who chooses: the caller, else a static route, else what is known of a coding agent's own calls, else the classifier
 * with its gate, judge and exploration.
 */
export async function choose(question: Question, deps: ChooseDeps): Promise<Choice> {
  const { request, text, route, agentCall, unit, signal } = question;
  const wanted = parseWanted(request.model, deps.models, deps.unavailable);
  if (wanted.kind === 'tier') {
    return {
      tier: wanted.tier,
      source: 'override',
      confidence: 1,
      reasons: [`the caller forces ${wanted.tier}`],
    };
  }
  if (wanted.kind === 'model') {
    const { model } = wanted;
    const reasons = [`the caller pins ${model.id}`];
    return { tier: model.tier, source: 'override', confidence: 1, pinned: model, reasons };
  }
  if (route?.tier) {
    const reasons = [`static route ${route.name} sets ${route.tier}`];
    return { tier: route.tier, source: 'static', confidence: 1, reasons };
  }
  if (route?.model) {
    const routed = routedModel(route.name, route.model, deps.models);
    const reasons = [`static route ${route.name} pins ${routed.id}`];
    return { tier: routed.tier, source: 'static', confidence: 1, pinned: routed, reasons };
  }
  if (agentCall) {
    const { tier, reason } = agentCall;
    return { tier, source: 'static', confidence: 1, reasons: [reason] };
  }
  return classified(text, unit, signal, deps);
}
