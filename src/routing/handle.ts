/** The use case: decide, record, execute, record. Transports call it and know nothing of what is inside. */
import type { ChatRequest, ChatResponse, DialectId, StreamFrame } from '../core/chat.ts';
import { asRouterError, type RouterError } from '../core/errors.ts';
import type { Clock, Logger } from '../core/ports.ts';
import type { Attempt, Candidate, Decision, Outcome } from '../core/routing.ts';
import type { Store } from '../core/store.ts';
import { tierRank } from '../core/tier.ts';
import type { RequestContext } from './context.ts';
import type { Decide } from './decide.ts';
import { type Execute, type Executed, ExecutionError } from './execution/execute.ts';
import { costOf, sumCosts } from './money/cost.ts';
import type { Counterfactual } from './money/counterfactual.ts';
import type { LedgerEntries } from './money/ledger-entries.ts';

export interface HandleDeps {
  readonly decide: Decide;
  readonly execute: Execute;
  readonly store: Store;
  /** The model that each request's cost is compared with. */
  readonly counterfactual: Counterfactual;
  readonly ledger: LedgerEntries;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What is kept of the text the classifier read. */
  readonly keepText: (text: string) => string;
  /** Told of every decision once it is on record, with its whole text. Returns at once and never throws. */
  readonly observe?: (decision: Decision) => void;
}

export type HandledResult =
  | {
      readonly kind: 'response';
      readonly response: ChatResponse;
      readonly outcome: Outcome;
      /** Name of the validator that the delivered answer failed, no tier being left to try. */
      readonly unvalidated?: string;
    }
  | {
      readonly kind: 'stream';
      readonly dialect: DialectId;
      /** Request fields that the answering model's format has no place for. */
      readonly dropped: readonly string[];
      /** Ends in one `finish` or `error`; the outcome is recorded when it has ended or was given up. */
      readonly frames: AsyncIterable<StreamFrame>;
      /** Resolves once `frames` is over. */
      readonly outcome: Promise<Outcome>;
      readonly unvalidated?: string;
    }
  | { readonly kind: 'error'; readonly error: RouterError; readonly outcome: Outcome };

export interface Handled {
  readonly decision: Decision;
  /** The model that answers; absent where none could. */
  readonly candidate?: Candidate;
  /** The soft limits of budgets that are passed, in words. */
  readonly budget?: string;
  /** Whether the response cache had the answer; absent where it was not asked. */
  readonly cache?: 'hit' | 'miss';
  readonly result: HandledResult;
}

/**
 * Answers one request. Rejects with RouterError where no decision could be made (bad model, nothing fits);
 * once a decision stands it is recorded and every failure is a result of kind `error`.
 */
export type Handle = (request: ChatRequest, context: RequestContext) => Promise<Handled>;

/** The attempt that gave the answer: the last one at the model that gave it. */
function answeringAttempt(
  attempts: readonly Attempt[],
  candidate: Candidate | undefined,
): Attempt | undefined {
  return candidate && attempts.findLast(({ model }) => model === candidate.model);
}

/** How the attempts of a request ended: with an answer of `candidate`, or with `error`. */
interface Ending {
  readonly attempts: readonly Attempt[];
  readonly candidate?: Candidate;
  readonly error?: Pick<RouterError, 'code'> | undefined;
}

export function createHandle(deps: HandleDeps): Handle {
  const { store, clock } = deps;

  function outcomeOf(
    decision: Decision,
    context: RequestContext,
    { attempts, candidate, error }: Ending,
  ): Outcome {
    const given = answeringAttempt(attempts, candidate);
    const answered = error ? undefined : given;
    const baseline = given && deps.counterfactual(decision);
    const judgeCost = decision.judge ? [decision.judge.costUsd] : [];
    const checks = attempts.flatMap((attempt) => attempt.checks ?? []);
    return {
      decisionId: decision.id,
      at: clock.now(),
      status: error ? (error.code === 'client_closed' ? 'cancelled' : 'failed') : 'ok',
      ...(error ? { errorCode: error.code } : {}),
      ...(answered ? { tier: answered.tier, model: answered.model } : {}),
      escalated: attempts.some(
        ({ tier }) => tierRank(tier) > tierRank(decision.plan.candidates[0]?.tier ?? tier),
      ),
      attempts: [...attempts],
      costUsd: sumCosts([...[...attempts, ...checks].map(({ costUsd }) => costUsd), ...judgeCost]),
      baselineCostUsd: given ? costOf(baseline?.price, given.usage) : 0,
      ...(baseline ? { baselineModel: baseline.id } : {}),
      latencyMs: clock.monotonic() - context.arrived,
    };
  }

  /** Never rejects: the answer stands whether or not its outcome can be kept. */
  async function record(outcome: Outcome, decision: Decision, context: RequestContext): Promise<void> {
    const entries = deps.ledger.ofOutcome(outcome, decision, context);
    await store.recordOutcome(outcome, entries).catch((err: unknown) => {
      deps.logger.error({ decision: decision.id, err }, 'the outcome of a request could not be recorded');
    });
    const fields = {
      decision: decision.id,
      tier: decision.tier,
      source: decision.source,
      model: outcome.model,
      status: outcome.status,
      error: outcome.errorCode,
      attempts: outcome.attempts.length,
      cost_usd: outcome.costUsd,
      latency_ms: Math.round(outcome.latencyMs),
    };
    if (outcome.status === 'failed') deps.logger.warn(fields, 'request failed');
    else deps.logger.info(fields, outcome.status === 'ok' ? 'request answered' : 'request cancelled');
  }

  /** Passes the frames on and records the outcome when they end, whichever way they end. */
  async function* recorded(
    executed: Executed,
    frames: AsyncIterable<StreamFrame>,
    finished: (outcome: Outcome) => void,
    { decision, context }: { readonly decision: Decision; readonly context: RequestContext },
  ): AsyncGenerator<StreamFrame> {
    try {
      yield* frames;
    } finally {
      const { attempts, candidate } = executed;
      const { error } = answeringAttempt(attempts, candidate) ?? {};
      const outcome = outcomeOf(decision, context, { attempts, candidate, error });
      await record(outcome, decision, context);
      finished(outcome);
    }
  }

  return async (request, context) => {
    const decided = await deps.decide(request, context);
    const decision = { ...decided, text: deps.keepText(decided.text) };
    await store.recordDecision(decision, deps.ledger.ofDecision(decision, context));
    deps.observe?.(decided);
    try {
      const executed = await deps.execute(decision.plan, request, context.signal);
      const { candidate, answer } = executed;
      const unvalidated = executed.unvalidated === undefined ? {} : { unvalidated: executed.unvalidated };
      if (answer.kind === 'stream') {
        let finished = (_: Outcome): void => {};
        const outcome = new Promise<Outcome>((resolve) => {
          finished = resolve;
        });
        const frames = recorded(executed, answer.stream.frames, finished, { decision, context });
        const { dialect, dropped } = answer.stream;
        return {
          decision,
          candidate,
          result: { kind: 'stream', dialect, dropped, frames, outcome, ...unvalidated },
        };
      }
      const outcome = outcomeOf(decision, context, executed);
      await record(outcome, decision, context);
      return {
        decision,
        candidate,
        result: { kind: 'response', response: answer.response, outcome, ...unvalidated },
      };
    } catch (thrown) {
      const error = thrown instanceof ExecutionError ? thrown.error : asRouterError(thrown);
      const attempts = thrown instanceof ExecutionError ? thrown.attempts : [];
      if (error.code === 'internal')
        deps.logger.error({ decision: decision.id, err: error.cause }, 'internal fault');
      const outcome = outcomeOf(decision, context, { attempts, error });
      await record(outcome, decision, context);
      return { decision, result: { kind: 'error', error, outcome } };
    }
  };
}
