/** Resilience as functions from a provider to a provider, and the retry that runs one attempt again. */
import {
  BrokenCircuitError,
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  type IRetryBackoffContext,
  retry,
} from 'cockatiel';
import { type ErrorCode, RouterError } from '../core/errors.ts';
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
  return (work, signal) => (retries === 0 ? work() : policy.execute(work, signal));
}

export interface BreakerOptions {
  readonly failures: number;
  readonly cooldownMs: number;
}

/** Stops calling an upstream for a while after `failures` failures in a row; meanwhile calls fail at once with `overloaded`. */
export function withBreaker(provider: Provider, options: BreakerOptions): Provider {
  const policy = circuitBreaker(handleWhen(isOneOf(UNHEALTHY)), {
    halfOpenAfter: options.cooldownMs,
    breaker: new ConsecutiveBreaker(options.failures),
  });
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await policy.execute(work);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      const retryAfterSeconds = Math.ceil(options.cooldownMs / 1_000);
      throw new RouterError('overloaded', `Provider ${provider.id} is resting after repeated failures.`, {
        retryAfterSeconds,
      });
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
  return {
    id: provider.id,
    complete: (call) => policy.execute(() => provider.complete(call), call.signal),
    stream: (call) => policy.execute(() => provider.stream(call), call.signal),
  };
}
