/**
 * The keys of one provider, used in turn; one that was refused or limited rests while the others go on. A conversation
 * stays with its key, since prompt caches belong to the account behind it.
 */
import { type ErrorCode, RouterError } from '../core/errors.ts';
import type { KeyHealth } from '../core/health.ts';
import type { Clock } from '../core/ports.ts';
import type { Conversation } from './conversation.ts';

export interface KeyPoolOptions {
  readonly provider: string;
  /** Empty where no key is needed. */
  readonly keys: readonly string[];
  /** How long a key rests where the upstream does not say. */
  readonly cooldownMs: number;
  readonly clock: Clock;
}

export interface TakenKey {
  readonly key: string | undefined;
  /** What a call with this key died of; says `retryNow` where another key could be tried at once. */
  failed(error: RouterError): RouterError;
}

export interface KeyPool {
  /**
   * The next key or, for a request that continues a conversation, the key of its last one. Throws `overloaded` where
   * every key of the pool rests. A single key is always tried.
   */
  take(upstreamModel: string, conversation?: () => Conversation): TakenKey;
  health(): readonly KeyHealth[];
  /** False where no model could be called because all keys rest for all of them. */
  callable(): boolean;
}

interface Rest {
  readonly until: number;
  readonly code: ErrorCode;
}

/** Conversations whose key is remembered at most. */
const CONVERSATIONS = 10_000;

/** A whole key, in place of a model's name, which is never empty. */
const WHOLE = '';

/** A limit, and a permission, may concern one model only; a wrong key or an unpaid bill concern them all. */
function concernOf(error: RouterError, upstreamModel: string): string | undefined {
  if (error.unsent) return undefined;
  if (error.code === 'upstream_rate_limited') return upstreamModel;
  if (error.code !== 'upstream_auth') return undefined;
  return error.upstreamStatus === 403 ? upstreamModel : WHOLE;
}

export function createKeyPool({ provider, keys, cooldownMs, clock }: KeyPoolOptions): KeyPool {
  const rests = keys.map(() => new Map<string, Rest>());
  const usedBy = new Map<string, number>();
  let next = 0;

  /** Forgets what is over. */
  function restsOf(index: number): Map<string, Rest> {
    const own = rests[index] ?? new Map<string, Rest>();
    for (const [what, { until }] of own) if (until <= clock.now()) own.delete(what);
    return own;
  }

  function restingUntil(index: number, upstreamModel: string): number | undefined {
    const own = restsOf(index);
    const until = [WHOLE, upstreamModel].flatMap((what) => own.get(what)?.until ?? []);
    return until.length === 0 ? undefined : Math.max(...until);
  }

  function available(upstreamModel: string): number | undefined {
    for (let step = 0; step < keys.length; step++) {
      const index = (next + step) % keys.length;
      if (keys.length === 1 || restingUntil(index, upstreamModel) === undefined) return index;
    }
    return undefined;
  }

  function allResting(upstreamModel: string): RouterError {
    const soonest = Math.min(...keys.map((_, index) => restingUntil(index, upstreamModel) ?? 0));
    return new RouterError('overloaded', `All ${keys.length} keys of provider ${provider} are resting.`, {
      retryAfterSeconds: Math.max(0, soonest - clock.now()) / 1_000,
      unsent: true,
    });
  }

  function cool(index: number, upstreamModel: string, error: RouterError): RouterError {
    const what = concernOf(error, upstreamModel);
    if (what === undefined || keys.length < 2) return error;
    const { code, retryAfterSeconds, upstreamStatus } = error;
    const ms = retryAfterSeconds === undefined ? cooldownMs : retryAfterSeconds * 1_000;
    rests[index]?.set(what, { until: clock.now() + ms, code });
    if (available(upstreamModel) === undefined) return error;
    return new RouterError(code, error.message, {
      cause: error,
      retryNow: true,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
    });
  }

  function keptBy(conversation: Conversation | undefined, upstreamModel: string): number | undefined {
    const index = conversation?.continues ? usedBy.get(conversation.id) : undefined;
    return index === undefined || restingUntil(index, upstreamModel) !== undefined ? undefined : index;
  }

  function keep(conversation: string, index: number): void {
    usedBy.delete(conversation);
    usedBy.set(conversation, index);
    const [oldest] = usedBy.keys();
    if (usedBy.size > CONVERSATIONS && oldest !== undefined) usedBy.delete(oldest);
  }

  return {
    take(upstreamModel, conversation) {
      if (keys.length === 0) return { key: undefined, failed: (error) => error };
      const known = keys.length > 1 ? conversation?.() : undefined;
      const index = keptBy(known, upstreamModel) ?? available(upstreamModel);
      if (index === undefined) throw allResting(upstreamModel);
      next = (index + 1) % keys.length;
      if (known) keep(known.id, index);
      return { key: keys[index], failed: (error) => cool(index, upstreamModel, error) };
    },
    health: () =>
      keys.map((_, index) => ({
        key: index + 1,
        cooling: [...restsOf(index)].map(([what, { until, code }]) => ({
          ...(what === WHOLE ? {} : { model: what }),
          until,
          code,
        })),
      })),
    callable: () => keys.length < 2 || keys.some((_, index) => !restsOf(index).has(WHOLE)),
  };
}
