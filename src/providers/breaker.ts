import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { type ErrorCode, RouterError } from '../core/errors.ts';
import type { BreakerHealth } from '../core/health.ts';
import type { Provider } from '../core/ports.ts';
import { streamWithin } from './stream-work.ts';

/** Failures that say something of the upstream's health. */
const UNHEALTHY: ReadonlySet<ErrorCode> = new Set([
  'upstream_error',
  'upstream_timeout',
  'upstream_malformed',
]);

export interface BreakerOptions {
  readonly failures: number;
  readonly cooldownMs: number;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export interface GuardedProvider extends Provider {
  health(): BreakerHealth;
}

function isUnhealthy(error: unknown): error is RouterError {
  return error instanceof RouterError && UNHEALTHY.has(error.code);
}

/** Counts failures and keeps the state with its times. */
function createBreaker(id: string, { failures, cooldownMs, now }: BreakerOptions) {
  const policy = circuitBreaker(handleWhen(isUnhealthy), {
    halfOpenAfter: cooldownMs,
    breaker: new ConsecutiveBreaker(failures),
  });
  let since = now();
  let lastError: BreakerHealth['lastError'];
  policy.onStateChange(() => {
    since = now();
  });
  const retryAt = (): number => since + cooldownMs;

  const resting = (): RouterError => {
    const wait = policy.state === CircuitState.Open ? retryAt() - now() : 1_000;
    return new RouterError('overloaded', `Provider ${id} is resting after repeated failures.`, {
      retryAfterSeconds: Math.max(1, Math.ceil(wait / 1_000)),
      unsent: true,
    });
  };
  return {
    probing: () => policy.state === CircuitState.HalfOpen,
    async run<T>(work: () => Promise<T>): Promise<T> {
      if (policy.state === CircuitState.HalfOpen) throw resting();
      try {
        return await policy.execute(work);
      } catch (error) {
        if (isUnhealthy(error)) lastError = { code: error.code, at: now() };
        throw error instanceof BrokenCircuitError ? resting() : error;
      }
    },
    health(): BreakerHealth {
      const known = { since, ...(lastError === undefined ? {} : { lastError }) };
      if (policy.state === CircuitState.Closed) return { state: 'closed', ...known };
      const rested = policy.state === CircuitState.HalfOpen || retryAt() <= now();
      return rested ? { state: 'half_open', ...known } : { state: 'open', retryAt: retryAt(), ...known };
    },
  };
}

/**
 * Stops calling an upstream for a while after `failures` failures in a row; meanwhile, and while a first call tries
 * whether it is back, calls fail at once with `overloaded`. A stream counts as it ends; the one that tries, as it begins
 * to say something.
 */
export function withBreaker(provider: Provider, options: BreakerOptions): GuardedProvider {
  const breaker = createBreaker(provider.id, options);
  return {
    id: provider.id,
    complete: (call) => breaker.run(() => provider.complete(call)),
    stream: (call) =>
      streamWithin((work) => breaker.run(work), {
        begin: () => provider.stream(call),
        signal: call.signal,
        done: breaker.probing,
      }),
    health: breaker.health,
  };
}
