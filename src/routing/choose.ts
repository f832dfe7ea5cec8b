/** Which tier, and who says so. Rejects with `unknown_model` only. */
import type { ChatRequest } from '../core/chat.ts';
import { RouterError } from '../core/errors.ts';
import type { Classifier, Judge, Logger } from '../core/ports.ts';
import type { Classification, DecisionSource, GateVerdict, JudgeAnswer, ModelSpec } from '../core/routing.ts';
import { isTier, type Tier } from '../core/tier.ts';
import { classifyRequest } from './classify-request.ts';
import type { Explored } from './explore.ts';
import type { Bound } from './policy/bounds.ts';
import { type MissingModel, parseWanted, type Wanted } from './policy/override.ts';
import type { PolicyRules } from './policy/policy-rules.ts';
import type { Rollout } from './policy/rollout.ts';
import type { StaticRoute } from './policy/static-route.ts';
import type { AgentCall } from './sessions/agent-calls.ts';

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
  /** The operator's rules; absent: none. */
  readonly policy?: PolicyRules;
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
  /** The model asked for by name where that is a starting point and not a pin. */
  readonly baseline?: ModelSpec;
  readonly classification?: Classification;
  readonly classifier?: string;
  readonly gate?: GateVerdict;
  readonly judge?: JudgeAnswer;
  readonly exploration?: Explored;
  readonly reasons: readonly string[];
}

/** A model that the configuration names. Throws `unknown_model` where it is not available. */
function configuredModel(who: string, id: string, models: readonly ModelSpec[]): ModelSpec {
  const model = models.find((candidate) => candidate.id === id);
  if (model) return model;
  throw new RouterError('unknown_model', `${who} pins ${id}, which is not available.`);
}

/** How good an answer must be, where somebody says so. */
export interface QualityWish {
  readonly wanted: Bound<number>;
  /** By the classifier's sufficiency; otherwise models answer for it with what they declare. */
  readonly bySufficiency: boolean;
}

export interface Question {
  readonly request: ChatRequest;
  readonly text: string;
  readonly route: StaticRoute | undefined;
  /** Set where a coding agent calls on its own account. */
  readonly agentCall?: AgentCall | undefined;
  /** Set where the request is outside the roll-out. */
  readonly notRolledOut?: Rollout | undefined;
  readonly quality?: QualityWish | undefined;
  /** Chance has no say: limits may move the tier. */
  readonly limited?: boolean;
  readonly unit: Unit;
  readonly signal: AbortSignal;
}

function forced(tier: Tier, source: DecisionSource, reason: string): Choice {
  return { tier, source, confidence: 1, reasons: [reason] };
}

function pinnedTo(model: ModelSpec, source: DecisionSource, reason: string): Choice {
  return { ...forced(model.tier, source, reason), pinned: model };
}

/** What the caller's `model` settles; undefined where it leaves the choice to the router. */
function chosenByCaller(wanted: Wanted, asked: string, routeNamed: boolean): Choice | undefined {
  if (wanted.kind === 'auto') return undefined;
  const { alias } = wanted;
  if (wanted.kind === 'tier') {
    return alias === undefined
      ? forced(wanted.tier, 'override', `the caller forces ${wanted.tier}`)
      : forced(wanted.tier, 'static', `policy.model_aliases ${alias}`);
  }
  if (alias !== undefined) return pinnedTo(wanted.model, 'static', `policy.model_aliases ${alias}`);
  const { model } = wanted;
  const as = asked === model.id ? '' : `, asked for as ${asked.slice(0, 100)}`;
  return routeNamed ? undefined : pinnedTo(model, 'override', `the caller pins ${model.id}${as}`);
}

function chosenByRoute(route: StaticRoute | undefined, models: readonly ModelSpec[]): Choice | undefined {
  if (route?.tier) return forced(route.tier, 'static', `static route ${route.name} sets ${route.tier}`);
  if (!route?.model) return undefined;
  const routed = configuredModel(`Static route ${route.name}`, route.model, models);
  return pinnedTo(routed, 'static', `static route ${route.name} pins ${routed.id}`);
}

function outsideRollout(
  { share, otherwise }: Rollout,
  baseline: ModelSpec | undefined,
  models: readonly ModelSpec[],
): Choice {
  const why = `outside the ${Math.round(share * 1_000) / 10} % that are routed`;
  if (baseline) return pinnedTo(baseline, 'rollout', `${why}: ${baseline.id}, as asked for`);
  if (isTier(otherwise)) return forced(otherwise, 'rollout', `${why}: ${otherwise}`);
  return pinnedTo(configuredModel('The roll-out', otherwise, models), 'rollout', `${why}: ${otherwise}`);
}

/**
 * Who chooses: the caller, else a static route, else the part of the traffic that is not rolled out, else what is known
 * of a coding agent's own calls, else the classifier with its gate, judge and exploration.
 */
export async function choose(question: Question, deps: ChooseDeps): Promise<Choice> {
  const { request, route, agentCall, notRolledOut } = question;
  const { models, unavailable = [], policy = {} } = deps;
  const wanted = parseWanted(request.model, { models, unavailable, aliases: policy.model_aliases ?? {} });
  const settled = chosenByCaller(wanted, request.model, policy.route_named_models ?? false);
  if (settled) return settled;
  const model = wanted.kind === 'model' ? wanted.model : undefined;
  const baseline = model ? { baseline: model } : {};
  const routed = chosenByRoute(route, models);
  if (routed) return { ...routed, ...baseline };
  if (notRolledOut) return outsideRollout(notRolledOut, model, models);
  if (agentCall) return { ...forced(agentCall.tier, 'static', agentCall.reason), ...baseline };
  return { ...(await classifyRequest(question, deps)), ...baseline };
}
