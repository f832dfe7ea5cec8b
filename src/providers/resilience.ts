/** Resilience as functions from a provider to a provider, and the retry that runs one attempt again. */
import {
  BrokenCircuitError,
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  type IRetryBackoffContext,
  retry,
} from 'cockatiel';
import { clientGone, type ErrorCode, RouterError } from '../core/errors.ts';
import type { Provider } from '../core/ports.ts';

/** Failures that say something of the upstream's health. */
const UNHEALTHY: ReadonlySet<ErrorCode> = new Set([
  'upstream_error',
  'upstream_timeout',
  'upstream_malformed',
]);
const PASSING: ReadonlySet<ErrorCode> = new Set([...UNHEALTHY, 'upstream_rate_limited']);

/** An upstream that asks for a longer wait than this is left for the next candidate. */
const LONGEST_WAIT_MS = 2_000;
const FIRST_BACKOFF_MS = 100;

function isOneOf(codes: ReadonlySet<ErrorCode>): (error: Error) => boolean {
  return (error) => error instanceof RouterError && codes.has(error.code);
}

function waitMs(context: IRetryBackoffContext<unknown>, random: () => number): number {
  const error = 'error' in context.result ? context.result.error : undefined;
  const asked = error instanceof RouterError ? error.retryAfterSeconds : undefined;
  if (asked !== undefined) return asked * 1_000;
  return random() * FIRST_BACKOFF_MS * 2 ** (context.attempt - 1);
}

/**
 * Runs `work` under a policy that may make it wait. When the signal aborts during a wait, it ends with `client_closed`;
 * work that has begun is left to end itself.
 */
async function endingWaits<T>(
  execute: (work: () => Promise<T>) => Promise<T>,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  if (signal.aborted) throw clientGone();
  let working = false;
  let leave = (): void => {};
  const gone = new Promise<never>((_, reject) => {
    leave = () => {
      if (!working) reject(clientGone());
    };
  });
  const guarded = async (): Promise<T> => {
    if (signal.aborted) throw clientGone();
    working = true;
    try {
      return await work();
    } finally {
      working = false;
    }
  };
  signal.addEventListener('abort', leave);
  try {
    return await Promise.race([execute(guarded), gone]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/**
 * Runs `work` again, up to `retries` times, while it fails in a passing way. Waits as long as `Retry-After` asks,
 * else exponentially with full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function createRetry(
  retries: number,
  random: () => number,
): <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T> {
  const soon = (error: Error): boolean =>
    isOneOf(PASSING)(error) && ((error as RouterError).retryAfterSeconds ?? 0) * 1_000 <= LONGEST_WAIT_MS;
  const policy = retry(handleWhen(soon), {
    maxAttempts: retries,
    backoff: new DelegateBackoff((context: IRetryBackoffContext<unknown>) => waitMs(context, random)),
  });
  return (work, signal) =>
    retries === 0 ? work() : endingWaits((guarded) => policy.execute(guarded), work, signal);
}

export interface BreakerOptions {
  readonly failures: number;
  readonly cooldownMs: number;
}

/**
 * Stops calling an upstream for a while after `failures` failures in a row; meanwhile, and while a first call tries
 * whether it is back, calls fail at once with `overloaded`.
 */
export function withBreaker(provider: Provider, options: BreakerOptions): Provider {
  const policy = circuitBreaker(handleWhen(isOneOf(UNHEALTHY)), {
    halfOpenAfter: options.cooldownMs,
    breaker: new ConsecutiveBreaker(options.failures),
  });
  const resting = (): RouterError =>
    new RouterError('overloaded', `Provider ${provider.id} is resting after repeated failures.`, {
      retryAfterSeconds: Math.ceil(options.cooldownMs / 1_000),
      unsent: true,
    });
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (policy.state === CircuitState.HalfOpen) throw resting();
    try {
      return await policy.execute(work);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? resting() : error;
    }
  };
  return {
    id: provider.id,
    complete: (call) => guarded(() => provider.complete(call)),
    stream: (call) => guarded(() => provider.stream(call)),
  };
}

/** Lets at most `limit` calls start an answer at once; more wait in line. A stream counts until it has begun. */
export function withBulkhead(provider: Provider, limit: number): Provider {
  const policy = bulkhead(limit, Number.MAX_SAFE_INTEGER);
  const within = <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> =>
    endingWaits((guarded) => policy.execute(guarded), work, signal);
  return {
    id: provider.id,
    complete: (call) => within(() => provider.complete(call), call.signal),
    stream: (call) => within(() => provider.stream(call), call.signal),
  };
}
