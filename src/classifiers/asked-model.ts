/** A small model that is asked short questions: within a budget, a deadline and a breaker. */
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
} from 'cockatiel';
import { type ChatRequest, textOf, type Usage } from '../core/chat.ts';
import { isUnbilled, RouterError } from '../core/errors.ts';
import type { AskedAnswer, AskedModel, Clock, Provider, Question } from '../core/ports.ts';
import type { ModelSpec } from '../core/routing.ts';

export interface AskedModelOptions {
  readonly model: ModelSpec;
  readonly provider: Provider;
  readonly timeoutMs: number;
  readonly breakerFailures: number;
  readonly breakerCooldownMs: number;
  readonly dailyBudgetUsd: number;
  /** What a question whose cost is unknown counts against the budget, USD. Default: 0. */
  readonly unknownCostUsd?: number;
  /** USD already spent in the UTC day that began at `since` (Unix milliseconds). */
  readonly spent: (since: number) => Promise<number>;
  readonly costOf: (usage: Usage | undefined) => number | null;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;

/** How long the sum of the store, whose reading takes longer with every decision of the day, is relied on. */
const SUM_IS_GOOD_MS = 60_000;

interface DayTally {
  /** USD of the UTC day so far. Rejects where the store cannot be read. */
  today(): Promise<number>;
  add(costUsd: number | null): void;
}

/**
 * What was spent today: by the store's account, which outlives the process and has what others spent, and by our own,
 * which has dry runs and requests that were never recorded. The higher of the two counts.
 */
function createDayTally({
  spent,
  unknownCostUsd = 0,
  clock,
}: Pick<AskedModelOptions, 'spent' | 'unknownCostUsd' | 'clock'>): DayTally {
  let day = Number.NaN;
  let readAt = Number.NEGATIVE_INFINITY;
  let total = 0;
  return {
    async today() {
      const now = clock.now();
      const begun = Math.floor(now / DAY_MS) * DAY_MS;
      if (begun === day && now - readAt < SUM_IS_GOOD_MS) return total;
      const stored = await spent(begun);
      total = begun === day ? Math.max(total, stored) : stored;
      day = begun;
      readAt = now;
      return total;
    },
    add(costUsd) {
      total += costUsd ?? unknownCostUsd;
    },
  };
}

/**
 * No output ceiling: a reasoning model counts its hidden reasoning against it and would be cut off before the word. The
 * deadline bounds the answer.
 */
function requestOf({ instruction, text }: Question, model: string): ChatRequest {
  return {
    dialect: 'openai-chat',
    raw: {
      model,
      messages: [
        { role: 'system', content: instruction },
        { role: 'user', content: text },
      ],
    },
    model,
    messages: [
      { role: 'system', content: [{ type: 'text', text: instruction }] },
      { role: 'user', content: [{ type: 'text', text }] },
    ],
    tools: [],
    stream: false,
    metadata: {},
  };
}

/** True where no model was asked, or refused before it wrote anything. */
function costsNothing(error: unknown): boolean {
  return error instanceof BrokenCircuitError || (error instanceof RouterError && isUnbilled(error));
}

function failureStatus(error: unknown, timedOut: boolean): AskedAnswer['status'] {
  if (error instanceof BrokenCircuitError) return 'breaker_open';
  if (timedOut) return 'timeout';
  return error instanceof RouterError && error.code === 'upstream_timeout' ? 'timeout' : 'error';
}

/** Composes a model that can be asked. Nothing of question and answer is kept. */
export function createAskedModel(options: AskedModelOptions): AskedModel {
  const { model, provider, clock } = options;
  const breaker: CircuitBreakerPolicy = circuitBreaker(handleAll, {
    halfOpenAfter: options.breakerCooldownMs,
    breaker: new ConsecutiveBreaker(options.breakerFailures),
  });
  const tally = createDayTally(options);

  return {
    model: model.id,
    async ask(question) {
      const started = clock.monotonic();
      const took = (): number => clock.monotonic() - started;
      const unasked = (status: AskedAnswer['status']): AskedAnswer => ({
        status,
        latencyMs: took(),
        costUsd: 0,
      });
      try {
        if ((await tally.today()) >= options.dailyBudgetUsd) return unasked('budget_spent');
      } catch {
        return unasked('error');
      }
      if (breaker.state === CircuitState.HalfOpen) return unasked('breaker_open');
      const deadline = AbortSignal.timeout(options.timeoutMs);
      try {
        const request = requestOf(question, model.upstreamModel);
        const call = { request, upstreamModel: model.upstreamModel, signal: deadline };
        const { response } = await breaker.execute(() => provider.complete(call));
        const costUsd = options.costOf(response.usage);
        tally.add(costUsd);
        const { usage } = response;
        const paid = { latencyMs: took(), costUsd, ...(usage ? { usage } : {}) };
        return { ...paid, status: 'answered', text: textOf(response) };
      } catch (error) {
        const status = failureStatus(error, deadline.aborted);
        const costUsd = costsNothing(error) ? 0 : null;
        tally.add(costUsd);
        return { status, latencyMs: took(), costUsd };
      }
    },
  };
}
