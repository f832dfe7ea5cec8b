/** The policy that a question names, and what it would have done with each logged request. */

import type { Classification, GateVerdict } from '../core/routing.ts';
import type { StoredDecision } from '../core/store.ts';
import { type PerTier, perTier, TIERS, type Tier, tierAbove, tierRank } from '../core/tier.ts';
import { GOOD_SCORE, judgementOf } from './judgements.ts';
import type { OffPolicyRow } from './off-policy.ts';

/** What is different from the log; all that is absent stays as it was. */
export interface Question {
  /** Confidence below this is doubt. */
  readonly threshold?: number;
  /** The other bundle's P(simple) from which it risks the simple tier. */
  readonly simpleFrom?: number;
  /** Answers of another bundle to a kept text, in place of the logged ones; undefined where it cannot read it. */
  readonly classify?: (text: string) => Promise<Classification | undefined>;
  /** Requests decided for one tier go to another. */
  readonly tierMap?: Partial<PerTier<Tier>>;
}

/** A logged request as far as a question needs it. Holds no text. */
export interface Context {
  readonly group: string;
  readonly action: Tier;
  readonly propensity: number;
  /** What the policy in question reads. */
  readonly classification: Classification;
  readonly threshold: number;
  /** Whether the logged policy asked the judge, what it said, and what that cost (USD, 0 where unknown). */
  readonly asked: boolean;
  readonly judge?: Tier;
  readonly judgeCost: number;
  /** USD of the answer without the judge; NaN where unknown. */
  readonly cost: number;
  /** USD that the plan expected of each tier; NaN where it names no price. */
  readonly plannedCost: PerTier<number>;
  /** 1 where the chosen tier was good enough, 0 where not, NaN unknown. */
  readonly sufficient: number;
  /** P(tier is good enough) by the logged classifier. */
  readonly sufficiency: PerTier<number>;
}

/** What people say of an answer of the highest tier, which no tier stands above to do better. */
function complexSufficient({ outcome, feedback }: StoredDecision): number {
  for (const { tier, outcome: measured, rating, score } of feedback) {
    if (tier) return 1;
    if (measured?.complex !== undefined) return measured.complex ? 1 : 0;
    if (outcome?.tier !== 'complex') continue;
    if (rating) return rating === 'up' ? 1 : 0;
    if (score !== undefined) return score >= GOOD_SCORE ? 1 : 0;
  }
  return Number.NaN;
}

/** Was the chosen tier good enough? The judge is no witness: it made the choice. */
function sufficientOf(stored: StoredDecision): number {
  const { decision, outcome, feedback } = stored;
  if (decision.tier === 'complex') return complexSufficient(stored);
  const judgement = judgementOf({
    decisionId: decision.id,
    at: decision.at,
    text: decision.text,
    featureVersion: decision.featureVersion,
    ...(outcome?.tier === undefined ? {} : { answeredBy: outcome.tier }),
    attempts: outcome?.attempts ?? [],
    feedback,
  });
  const [simple, moderate] = judgement?.sufficient ?? [Number.NaN, Number.NaN];
  return decision.tier === 'simple' ? simple : moderate;
}

/** As the gate has it: `simple` is in doubt below a bound of its own too. */
function thresholdFor({ tier }: Classification, question: Question, gate: GateVerdict): number {
  const threshold = question.threshold ?? gate.threshold;
  const simpleFrom = question.classify ? question.simpleFrom : gate.simpleFrom;
  return tier === 'simple' ? Math.max(threshold, simpleFrom ?? 0) : threshold;
}

/**
 * The context of a logged request; undefined where no classifier chose its tier (pinned, forced, static routes, keyword
 * rules, or moved by bounds), so that no threshold, bundle or map would have changed it.
 */
export async function contextOf(stored: StoredDecision, question: Question): Promise<Context | undefined> {
  const { decision, outcome } = stored;
  const { classification: logged, gate, judge } = decision;
  if (!logged || !gate || decision.source === 'override' || decision.source === 'static') return undefined;
  if (decision.bounds?.movedFrom !== undefined) return undefined;
  if (question.classify && decision.text === '') return undefined;
  const classification = question.classify ? await question.classify(decision.text) : logged;
  if (!classification) return undefined;
  const judgeCost = judge?.costUsd ?? 0;
  const costUsd = outcome?.status === 'ok' ? outcome.costUsd : null;
  return {
    group: decision.session ?? decision.id,
    action: decision.tier,
    propensity: decision.propensity,
    classification,
    threshold: thresholdFor(classification, question, gate),
    asked: judge !== undefined && judge.status !== 'not_configured',
    ...(judge?.tier === undefined ? {} : { judge: judge.tier }),
    judgeCost,
    cost: costUsd === null || costUsd === undefined ? Number.NaN : costUsd - judgeCost,
    plannedCost: perTier(
      (tier) =>
        decision.plan.candidates.find((candidate) => candidate.tier === tier)?.estimatedCostUsd ?? Number.NaN,
    ),
    sufficient: sufficientOf(stored),
    sufficiency: logged.sufficiency,
  };
}

/** Fewer answers than this on a tier say too little of what the judge would answer. */
const LEAST_ANSWERS = 10;

/** What the judge would say of requests it was not asked: its logged answers, by the classifier's tier. */
type JudgeModel = PerTier<PerTier<number>>;

function judgeModel(contexts: readonly Context[]): JudgeModel {
  return perTier((local) => {
    const answered = contexts.filter(({ judge }) => judge !== undefined);
    const same = answered.filter(({ classification }) => classification.tier === local);
    const rows = same.length >= LEAST_ANSWERS ? same : answered;
    if (rows.length < LEAST_ANSWERS) return perTier((tier) => (tier === tierAbove(local) ? 1 : 0));
    return perTier((tier) => rows.filter(({ judge }) => judge === tier).length / rows.length);
  });
}

interface Choice {
  readonly target: PerTier<number>;
  readonly asks: boolean;
}

function choiceOf(context: Context, model: JudgeModel, { tierMap = {} }: Question): Choice {
  const { classification, threshold, asked, judge } = context;
  const only = (one: Tier): PerTier<number> => perTier((tier) => (tier === one ? 1 : 0));
  const asks = classification.confidence < threshold;
  const inDoubt = judge ?? (asked ? tierAbove(classification.tier) : undefined);
  const before = !asks ? only(classification.tier) : inDoubt ? only(inDoubt) : model[classification.tier];
  const target = perTier((tier) =>
    TIERS.reduce((sum, from) => sum + ((tierMap[from] ?? from) === tier ? before[from] : 0), 0),
  );
  return { target, asks };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** USD expected of each tier: what its plan says, as far off as plans of that tier were, else what that tier cost. */
function costModel(contexts: readonly Context[]): (context: Context) => PerTier<number> {
  const known = contexts.filter(({ cost }) => !Number.isNaN(cost));
  const paid = perTier((tier) => mean(known.filter(({ action }) => action === tier).map(({ cost }) => cost)));
  const ratio = perTier((tier) => {
    const rows = known.filter(({ action, plannedCost }) => action === tier && plannedCost[tier] > 0);
    return mean(rows.map(({ cost }) => cost)) / mean(rows.map(({ plannedCost }) => plannedCost[tier]));
  });
  const overall = mean(known.map(({ cost }) => cost));
  const firstKnown = (values: readonly number[]): number => values.find((value) => !Number.isNaN(value)) ?? 0;
  return ({ plannedCost }) =>
    perTier((tier) => firstKnown([plannedCost[tier] * ratio[tier], paid[tier], plannedCost[tier], overall]));
}

export interface QuestionRows {
  readonly cost: readonly OffPolicyRow[];
  readonly sufficiency: readonly OffPolicyRow[];
  /** Share of the requests whose tier the policy in question would decide by the judge. */
  readonly judged: number;
}

/** The rows on which the cost (USD a request, the judge included) and the sufficiency of the policy are estimated. */
export function rowsOf(contexts: readonly Context[], question: Question): QuestionRows {
  const model = judgeModel(contexts);
  const costs = costModel(contexts);
  const hasJudge = contexts.some(({ asked }) => asked);
  const askedCost = mean(contexts.filter(({ asked }) => asked).map(({ judgeCost }) => judgeCost));
  const cost: OffPolicyRow[] = [];
  const sufficiency: OffPolicyRow[] = [];
  let judged = 0;
  for (const context of contexts) {
    const { group, action, propensity, asked, judgeCost } = context;
    const { target, asks } = choiceOf(context, model, question);
    if (asks && hasJudge) judged++;
    const added = asks && hasJudge ? (asked ? judgeCost : askedCost) : 0;
    const row = { group, action, propensity, target };
    cost.push({ ...row, reward: context.cost, expected: costs(context), added, loggedAdded: judgeCost });
    sufficiency.push({
      ...row,
      reward: context.sufficient,
      expected: context.sufficiency,
      added: 0,
      loggedAdded: 0,
    });
  }
  return { cost, sufficiency, judged: contexts.length === 0 ? 0 : judged / contexts.length };
}

/** `simple=moderate,moderate=complex` as a map. Throws an Error that names what is wrong. */
export function parseTierMap(text: string): Partial<PerTier<Tier>> {
  const tierOf = (name: string | undefined): Tier => {
    const tier = TIERS.find((candidate) => candidate === name?.trim());
    if (!tier) throw new Error(`--tier-map: "${name ?? ''}" is not a tier; tiers are ${TIERS.join(', ')}`);
    return tier;
  };
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.some((pair) => pair.length !== 2)) throw new Error('--tier-map: write FROM=TO[,FROM=TO]');
  const entries = pairs.map(([from, to]): [Tier, Tier] => [tierOf(from), tierOf(to)]);
  return Object.fromEntries(entries.sort(([a], [b]) => tierRank(a) - tierRank(b)));
}
