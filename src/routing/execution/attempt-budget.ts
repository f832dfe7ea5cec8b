/** What one request may still try, and what it is told when nothing answered. */
import { type ErrorCode, RouterError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';

export interface AttemptLimits {
  readonly maxCalls: number;
  readonly deadlineMs: number;
}

export interface AttemptBudget {
  /** Upstream calls made so far. */
  calls(): number;
  /** Models called so far. */
  models(): number;
  /** True once neither a model nor a retry may be tried any more. */
  spent(): boolean;
  /** A call was answered. */
  called(model: string): void;
  failed(model: string, error: RouterError): void;
  /** The error of a request that nothing answered. */
  verdict(): RouterError;
}

/** Refusals of the request itself: trying again later is no use. */
const OF_THE_REQUEST: ReadonlySet<ErrorCode> = new Set([
  'upstream_rejected',
  'context_too_long',
  'unsupported',
  'invalid_request',
]);

/** Seconds, where no upstream says when to come back. */
const RETRY_AFTER_S = 2;

/** An error that would meet the same request at every other model. */
export function isFinal(error: RouterError): boolean {
  if (error.code === 'client_closed' || error.code === 'invalid_request') return true;
  return error.code === 'upstream_rejected' && !error.modelSpecific;
}

/** Nothing was sent: the provider rests or is full, or its format cannot express the request. */
function wasCalled({ code }: RouterError): boolean {
  return code !== 'overloaded' && code !== 'unsupported';
}

function allFailed(errors: readonly RouterError[], last: RouterError): RouterError {
  const waits = errors.flatMap(({ retryAfterSeconds }) => retryAfterSeconds ?? []);
  return new RouterError(
    'overloaded',
    `All ${errors.length} models of the plan failed; the last said: ${last.message}`,
    { cause: last, retryAfterSeconds: waits.length > 0 ? Math.min(...waits) : RETRY_AFTER_S },
  );
}

export function createAttemptBudget(clock: Clock, { maxCalls, deadlineMs }: AttemptLimits): AttemptBudget {
  const started = clock.monotonic();
  /** What each model's last call died of, in the order in which they were first tried. */
  const errors = new Map<string, RouterError>();
  const modelsCalled = new Set<string>();
  let calls = 0;
  let last: RouterError | undefined;

  return {
    calls: () => calls,
    models: () => modelsCalled.size,
    spent: () => calls >= maxCalls || clock.monotonic() - started > deadlineMs,
    called(model) {
      calls += 1;
      modelsCalled.add(model);
    },
    failed(model, error) {
      if (wasCalled(error)) this.called(model);
      errors.set(model, error);
      last = error;
    },
    verdict() {
      const [first, ...others] = errors.values();
      if (!first || !last) {
        const details = { retryAfterSeconds: RETRY_AFTER_S };
        return new RouterError('overloaded', 'No model could be tried before the deadline.', details);
      }
      if (isFinal(last) || others.length === 0) return last;
      return [first, ...others].every(({ code }) => OF_THE_REQUEST.has(code))
        ? first
        : allFailed([first, ...others], last);
    },
  };
}
