/** From the trace of a request to its rows of the ledger. */
import type { Usage } from '../../core/chat.ts';
import type { LedgerEntry, LedgerKind } from '../../core/ledger.ts';
import type {
  Attempt,
  AttemptStatus,
  Decision,
  JudgeStatus,
  ModelSpec,
  Outcome,
  Price,
} from '../../core/routing.ts';
import { isTier } from '../../core/tier.ts';
import type { RequestContext } from '../context.ts';
import { unitPrices } from './cost.ts';

/** What the row of a judge's call says of its request. */
export type JudgedRequest = Pick<
  Decision,
  | 'id'
  | 'at'
  | 'apiKey'
  | 'user'
  | 'session'
  | 'route'
  | 'requestedModel'
  | 'tier'
  | 'source'
  | 'judge'
  | 'batchEligible'
>;

export interface LedgerEntries {
  /** The call of the judge, once there was one. */
  ofDecision(decision: JudgedRequest, context: Pick<RequestContext, 'caller'>): LedgerEntry[];
  /** Every attempt, and every check that asked a model or that a service charged for. */
  ofOutcome(outcome: Outcome, decision: Decision, context: Pick<RequestContext, 'caller'>): LedgerEntry[];
}

/** What a row says of its call; the rest is the request's. */
interface Call {
  readonly kind: LedgerKind;
  readonly index: number;
  readonly model: string;
  readonly provider?: string;
  readonly status: AttemptStatus;
  readonly usage?: Usage | undefined;
  readonly costUsd: number | null;
  readonly estimateUsd?: number | null | undefined;
  readonly counterfactual?: LedgerEntry['counterfactual'];
  /** Name of the validator that called. */
  readonly validator?: string;
}

/** Stands for the provider of checks by services, which are no model's. */
const SERVICE = 'webhook';

/** How a question to the judge counts; undefined where no model was asked. */
const JUDGE_CALLS: Readonly<Record<JudgeStatus, AttemptStatus | undefined>> = {
  answered: 'ok',
  unparsable: 'rejected',
  timeout: 'failed',
  error: 'failed',
  breaker_open: undefined,
  budget_spent: undefined,
  not_configured: undefined,
};

/** The unit prices that a usage was billed with. */
function appliedPrice(price: Price | undefined, usage: Usage | undefined): Price | null {
  return price ? { ...unitPrices(price, usage?.inputTokens ?? 0), asOf: price.asOf } : null;
}

/** The tier named in `auto:<tier>`. */
function requestedTier({ requestedModel }: JudgedRequest): Pick<LedgerEntry, 'requestedTier'> {
  const tier = requestedModel.startsWith('auto:') ? requestedModel.slice('auto:'.length) : undefined;
  return isTier(tier) ? { requestedTier: tier } : {};
}

/** `models`: those that are configured. `judgeEstimateUsd`: what a question of unknown cost is taken to cost. */
export function createLedgerEntries(models: readonly ModelSpec[], judgeEstimateUsd: number): LedgerEntries {
  const specs = new Map(models.map((model) => [model.id, model]));

  function entryOf(
    call: Call,
    decision: JudgedRequest,
    { caller }: Pick<RequestContext, 'caller'>,
  ): LedgerEntry {
    const spec = specs.get(call.model);
    const { session, user, route, apiKey } = decision;
    return {
      request: decision.id,
      index: call.index,
      kind: call.kind,
      at: decision.at,
      ...(apiKey === undefined ? {} : { key: apiKey }),
      ...(caller ? { keyName: caller.name } : {}),
      ...(caller?.team === undefined ? {} : { team: caller.team }),
      ...(user === undefined ? {} : { user }),
      ...(session === undefined ? {} : { session }),
      ...(route === undefined ? {} : { route }),
      requestedModel: decision.requestedModel,
      ...requestedTier(decision),
      decidedTier: decision.tier,
      source: decision.source,
      model: call.model,
      provider: call.provider ?? spec?.provider ?? '',
      tier: spec?.tier ?? decision.tier,
      status: call.status,
      usage: call.usage ?? null,
      price: appliedPrice(spec?.price, call.usage),
      costUsd: call.costUsd,
      estimateUsd: call.estimateUsd ?? null,
      ...(call.counterfactual ? { counterfactual: call.counterfactual } : {}),
      ...(call.validator === undefined ? {} : { validator: call.validator }),
      batchEligible: decision.batchEligible ?? false,
    };
  }

  function attemptCall(attempt: Attempt, outcome: Outcome, { plan }: Decision): Omit<Call, 'index'> {
    const planned = plan.candidates.find(({ model }) => model === attempt.model);
    const compared = comparedAttempt(outcome) === attempt;
    return {
      kind: 'answer',
      model: attempt.model,
      provider: attempt.provider,
      status: attempt.status,
      usage: attempt.usage,
      costUsd: attempt.costUsd,
      estimateUsd: planned?.estimatedCostUsd,
      ...(compared
        ? { counterfactual: { model: outcome.baselineModel ?? null, costUsd: outcome.baselineCostUsd } }
        : {}),
    };
  }

  return {
    ofDecision(decision, context) {
      const { judge } = decision;
      const status = judge && JUDGE_CALLS[judge.status];
      if (!judge?.model || !status) return [];
      const { model, usage, costUsd } = judge;
      const call: Call = {
        kind: 'judge',
        index: 0,
        model,
        status,
        usage,
        costUsd,
        estimateUsd: judgeEstimateUsd,
      };
      return [entryOf(call, decision, context)];
    },
    ofOutcome(outcome, decision, context) {
      const attempts = outcome.attempts.map((attempt, index) => ({
        ...attemptCall(attempt, outcome, decision),
        index,
      }));
      const checks = outcome.attempts
        .flatMap((attempt) => attempt.checks ?? [])
        .filter(({ model, costUsd }) => model !== undefined || costUsd !== 0)
        .map(
          ({ name, model, usage, costUsd }, index): Call => ({
            kind: 'validator',
            validator: name,
            index,
            model: model ?? name,
            ...(model === undefined ? { provider: SERVICE } : {}),
            status: 'ok',
            usage,
            costUsd,
          }),
        );
      return [...attempts, ...checks].map((call) => entryOf(call, decision, context));
    },
  };
}

/** The attempt that answered, else the last. */
function comparedAttempt({ attempts, model }: Outcome): Attempt | undefined {
  return attempts.findLast((attempt) => attempt.model === model) ?? attempts.at(-1);
}
