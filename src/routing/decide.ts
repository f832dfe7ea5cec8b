/** One arrow of the drawing: a request in, a decision with its plan and its reasons out. Calls no answering model. */
import type { ChatRequest } from '../core/chat.ts';
import { RouterError } from '../core/errors.ts';
import type { Classifier, Clock, Judge, Logger } from '../core/ports.ts';
import type {
  Classification,
  Decision,
  DecisionSource,
  GateVerdict,
  JudgeAnswer,
  ModelSpec,
} from '../core/routing.ts';
import { type Tier, tierAbove } from '../core/tier.ts';
import { keyLabel, type RequestContext, sessionOf } from './context.ts';
import type { Explored } from './explore.ts';
import { FEATURE_VERSION, featureText } from './features.ts';
import { gate } from './gate.ts';
import { type MissingModel, parseWanted } from './override.ts';
import { orderCandidates, pinnedCandidate } from './policy.ts';
import { requirementsOf } from './requirements.ts';
import { matchRoute, type StaticRoute } from './static-route.ts';

/** What a share of the traffic is drawn by: the session where there is one, else the decision. */
export interface Unit {
  readonly decision: string;
  readonly session?: string;
}

export interface DecideDeps {
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
  readonly routes: readonly StaticRoute[];
  readonly expectedOutputTokens: number;
  /** Replaces the classifier's calibrated threshold. */
  readonly doubtBelow?: number;
  /** Replaces the classifier's calibrated bound of P(simple). */
  readonly simpleFrom?: number;
  /** Moves the tier of a doubtful request by chance; absent: never. */
  readonly explore?: (tier: Tier) => Explored;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
}

export type Decide = (request: ChatRequest, context: RequestContext) => Promise<Decision>;

/** A tier, who chose it, and what was learnt on the way. */
interface Choice {
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

async function predict(text: string, unit: Unit, deps: DecideDeps): Promise<Prediction> {
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
function explored(choice: Choice, deps: DecideDeps): Choice {
  const exploration = deps.explore?.(choice.tier);
  if (!exploration) return choice;
  const { tier } = exploration;
  const why = `exploration moves ${choice.tier} to ${tier} (probability ${percent(exploration.propensity)})`;
  const reasons = exploration.explored ? [...choice.reasons, why] : choice.reasons;
  return { ...choice, tier, exploration, reasons };
}

async function classified(text: string, unit: Unit, signal: AbortSignal, deps: DecideDeps): Promise<Choice> {
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

interface Question {
  readonly request: ChatRequest;
  readonly text: string;
  readonly route: StaticRoute | undefined;
  readonly unit: Unit;
  readonly signal: AbortSignal;
}

async function choose(question: Question, deps: DecideDeps): Promise<Choice> {
  const { request, text, route, unit, signal } = question;
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
  return classified(text, unit, signal, deps);
}

/** Composes the decision. Rejects with `unknown_model`, `unsupported` or `context_too_long` only. */
export function createDecide(deps: DecideDeps): Decide {
  return async (request, context) => {
    const started = deps.clock.monotonic();
    const route = matchRoute(deps.routes, request, context);
    const text = featureText(request);
    const session = sessionOf(request, context);
    const unit: Unit = { decision: deps.newId(), ...(session === undefined ? {} : { session }) };
    const choice = await choose({ request, text, route, unit, signal: context.signal }, deps);
    const needs = requirementsOf(request, route?.max_output_tokens);
    const ordered = choice.pinned
      ? pinnedCandidate(choice.pinned, needs, deps.expectedOutputTokens)
      : orderCandidates({
          tier: choice.tier,
          needs,
          models: deps.models,
          expectedOutputTokens: deps.expectedOutputTokens,
        });
    const { pinned: _, exploration, reasons, ...chosen } = choice;
    const first = ordered.candidates[0];
    const ceiling = request.maxOutputTokens === undefined ? route?.max_output_tokens : undefined;
    const apiKey = keyLabel(context);
    return {
      id: unit.decision,
      at: deps.clock.now(),
      dialect: request.dialect,
      requestedModel: request.model,
      stream: request.stream,
      ...chosen,
      featureVersion: FEATURE_VERSION,
      text,
      plan: {
        ...ordered,
        validators: route?.validators ?? [],
        ...(ceiling === undefined ? {} : { maxOutputTokens: ceiling }),
      },
      reasons: first ? [...reasons, `first choice ${first.model}: ${first.reason}`] : reasons,
      ...(route ? { route: route.name } : {}),
      propensity: exploration?.propensity ?? 1,
      explored: exploration?.explored ?? false,
      inputTokens: needs.inputTokens,
      ...(session === undefined ? {} : { session }),
      ...(request.user === undefined ? {} : { user: request.user }),
      ...(apiKey === undefined ? {} : { apiKey }),
      decisionMs: deps.clock.monotonic() - started,
    };
  };
}
