/** Runs one attempt again; and the end of waits when the caller goes away. */
import { DelegateBackoff, handleWhen, type IRetryBackoffContext, retry } from 'cockatiel';
import { abortedBy, type ErrorCode, RouterError } from '../core/errors.ts';

const PASSING: ReadonlySet<ErrorCode> = new Set([
  'upstream_error',
  'upstream_timeout',
  'upstream_malformed',
  'upstream_rate_limited',
]);

/** An upstream that asks for a longer wait than this is left for the next candidate. */
const LONGEST_WAIT_MS = 2_000;
const FIRST_BACKOFF_MS = 100;

function waitMs(context: IRetryBackoffContext<unknown>, random: () => number): number {
  const error = 'error' in context.result ? context.result.error : undefined;
  const asked = error instanceof RouterError ? error.retryAfterSeconds : undefined;
  const jitter = random() * FIRST_BACKOFF_MS * 2 ** (context.attempt - 1);
  return asked === undefined ? jitter : asked * 1_000 + jitter;
}

/**
 * Runs `work` under a policy that may make it wait. When the signal aborts during a wait, it ends with what the signal
 * was aborted with (`client_closed`); work that has begun is left to end itself.
 */
export async function endingWaits<T>(
  execute: (work: () => Promise<T>) => Promise<T>,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  if (signal.aborted) throw abortedBy(signal);
  let working = false;
  let leave = (): void => {};
  const gone = new Promise<never>((_, reject) => {
    leave = () => {
      if (!working) reject(abortedBy(signal));
    };
  });
  const guarded = async (): Promise<T> => {
    if (signal.aborted) throw abortedBy(signal);
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

/** Runs `work` until it no longer fails in a way that the next key of a pool may cure. */
async function withNextKeys<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RouterError && error.retryNow)) throw error;
    }
  }
}

/**
 * Runs `work` again, up to `retries` times, while it fails in a passing way, and at once with each further key that the
 * provider has. Waits as long as `Retry-After` asks, and exponentially with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `work` says itself when its budget is spent.
 */
export function createRetry(
  retries: number,
  random: () => number,
): <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T> {
  const soon = (error: Error): boolean =>
    error instanceof RouterError &&
    PASSING.has(error.code) &&
    (error.retryAfterSeconds ?? 0) * 1_000 <= LONGEST_WAIT_MS;
  const policy = retry(handleWhen(soon), {
    maxAttempts: retries,
    backoff: new DelegateBackoff((context: IRetryBackoffContext<unknown>) => waitMs(context, random)),
  });
  return (work, signal) => {
    const keyed = (): ReturnType<typeof work> => withNextKeys(work);
    return retries === 0 ? keyed() : endingWaits((guarded) => policy.execute(guarded), keyed, signal);
  };
}
