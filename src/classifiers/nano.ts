/** The judge: a nano LLM that is asked for the tier when the local classifier is in doubt. */
import { createHash } from 'node:crypto';
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
} from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { type ChatRequest, textOf, type Usage } from '../core/chat.ts';
import { RouterError } from '../core/errors.ts';
import type { Clock, Judge, Provider } from '../core/ports.ts';
import type { JudgeAnswer, JudgeStatus, ModelSpec } from '../core/routing.ts';
import { TIERS, type Tier } from '../core/tier.ts';
import { JUDGE_INSTRUCTION } from './judge-instruction.ts';

export interface NanoJudgeOptions {
  readonly model: ModelSpec;
  readonly provider: Provider;
  readonly timeoutMs: number;
  readonly cacheEntries: number;
  readonly cacheTtlMs: number;
  readonly breakerFailures: number;
  readonly breakerCooldownMs: number;
  readonly dailyBudgetUsd: number;
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
function createDayTally(spent: NanoJudgeOptions['spent'], clock: Clock): DayTally {
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
      total += costUsd ?? 0;
    },
  };
}

/** A judge that is never there: doubt then goes one tier up. */
export function createAbsentJudge(): Judge {
  const answer: JudgeAnswer = { status: 'not_configured', cached: false, latencyMs: 0, costUsd: 0 };
  return { judge: async () => answer };
}

/** The tier in the judge's answer: exactly one word, in any case, with at most a final mark; else undefined. */
export function parseVerdict(text: string): Tier | undefined {
  const word = /^["'*\s]*(simple|moderate|complex)["'*.!\s]*$/i.exec(text)?.[1]?.toLowerCase();
  return TIERS.find((tier) => tier === word);
}

/** Anything that a model could take for one of the marks around the request. */
const MARK = /<(?=\s*\/?\s*request\b)/gi;

/**
 * No output ceiling: a reasoning model counts its hidden reasoning against it and would be cut off before the word. The
 * deadline bounds the answer.
 */
function question(text: string, model: string): ChatRequest {
  const instruction = JUDGE_INSTRUCTION;
  const ask = `<request>\n${text.replace(MARK, '‹')}\n</request>`;
  return {
    dialect: 'openai-chat',
    raw: {
      model,
      messages: [
        { role: 'system', content: instruction },
        { role: 'user', content: ask },
      ],
    },
    model,
    messages: [
      { role: 'system', content: [{ type: 'text', text: instruction }] },
      { role: 'user', content: [{ type: 'text', text: ask }] },
    ],
    tools: [],
    stream: false,
    metadata: {},
  };
}

/** True where no model was asked, or refused before it wrote anything. */
function isUnbilled(error: unknown): boolean {
  if (error instanceof BrokenCircuitError) return true;
  if (!(error instanceof RouterError)) return false;
  return error.unsent || error.upstreamStatus !== undefined || error.code === 'overloaded';
}

function failureStatus(error: unknown, timedOut: boolean): JudgeStatus {
  if (error instanceof BrokenCircuitError) return 'breaker_open';
  if (timedOut) return 'timeout';
  return error instanceof RouterError && error.code === 'upstream_timeout' ? 'timeout' : 'error';
}

/**
 * Composes the judge. Answers are cached by the text's hash; nothing of the text is kept. A caller that goes away does
 * not end its question: others may wait for the same answer, and it is cached.
 */
export function createNanoJudge(options: NanoJudgeOptions): Judge {
  const { model, provider, clock } = options;
  const cache =
    options.cacheEntries > 0
      ? new LRUCache<string, Tier>({ max: options.cacheEntries, ttl: options.cacheTtlMs })
      : undefined;
  const breaker: CircuitBreakerPolicy = circuitBreaker(handleAll, {
    halfOpenAfter: options.breakerCooldownMs,
    breaker: new ConsecutiveBreaker(options.breakerFailures),
  });
  const inFlight = new Map<string, Promise<JudgeAnswer>>();

  const tally = createDayTally(options.spent, clock);

  async function ask(text: string, started: number): Promise<JudgeAnswer> {
    const base = { model: model.id, cached: false };
    const took = (): number => clock.monotonic() - started;
    const unasked = (status: JudgeStatus): JudgeAnswer => ({
      ...base,
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
      const request = question(text, model.upstreamModel);
      const call = { request, upstreamModel: model.upstreamModel, signal: deadline };
      const { response } = await breaker.execute(() => provider.complete(call));
      const tier = parseVerdict(textOf(response));
      const costUsd = options.costOf(response.usage);
      tally.add(costUsd);
      const paid = {
        latencyMs: took(),
        costUsd,
        ...(response.usage ? { usage: response.usage } : {}),
      };
      return tier
        ? { ...base, ...paid, status: 'answered', tier }
        : { ...base, ...paid, status: 'unparsable' };
    } catch (error) {
      const status = failureStatus(error, deadline.aborted);
      return { ...base, status, latencyMs: took(), costUsd: isUnbilled(error) ? 0 : null };
    }
  }

  return {
    async judge({ text }) {
      const started = clock.monotonic();
      const key = createHash('sha256').update(text).digest('base64');
      const known = cache?.get(key);
      if (known) {
        return { status: 'answered', tier: known, model: model.id, cached: true, latencyMs: 0, costUsd: 0 };
      }
      const shared = inFlight.get(key);
      if (shared) {
        const answer = await shared;
        return {
          ...answer,
          cached: answer.status === 'answered',
          costUsd: 0,
          latencyMs: clock.monotonic() - started,
        };
      }
      const asked = ask(text, started).finally(() => inFlight.delete(key));
      inFlight.set(key, asked);
      const answer = await asked;
      if (answer.tier) cache?.set(key, answer.tier);
      return answer;
    },
  };
}
