/** The trace of one request's attempts, with what each cost. */
import type { TokenLogprobs, Usage } from '../../core/chat.ts';
import { isUnbilled, type RouterError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { Attempt, AttemptStatus, Candidate, PaidCheck, Price } from '../../core/routing.ts';
import { costOf } from '../money/cost.ts';

/** What is known of an attempt whether or not it succeeds. */
export interface AttemptFacts {
  readonly usage?: Usage;
  readonly logprobs?: TokenLogprobs;
  readonly dropped?: readonly string[];
}

export interface AttemptEnd extends AttemptFacts {
  readonly error?: RouterError;
  readonly rejection?: { readonly name: string; readonly reason: string };
}

export interface AttemptEntry {
  /** The first content arrived. */
  firstByte(): void;
  /** Facts known before the end; later ones replace them. */
  note(facts: AttemptFacts): void;
  /** A check of the answer was paid for. */
  paid(check: PaidCheck): void;
  /** Only the first call counts. */
  end(result: AttemptEnd): void;
}

export interface AttemptLog {
  /** Live; in the order in which the attempts ended. */
  readonly attempts: readonly Attempt[];
  start(candidate: Candidate): AttemptEntry;
}

function statusOf(end: AttemptEnd): AttemptStatus {
  if (end.error) return end.error.code === 'client_closed' ? 'cancelled' : 'failed';
  return end.rejection ? 'rejected' : 'ok';
}

export function createAttemptLog(clock: Clock, priceOf: (model: string) => Price | undefined): AttemptLog {
  const attempts: Attempt[] = [];
  return {
    attempts,
    start(candidate) {
      const started = clock.monotonic();
      const index = attempts.length;
      let firstByteMs: number | undefined;
      let facts: AttemptFacts = {};
      const checks: PaidCheck[] = [];
      let over = false;
      return {
        firstByte() {
          firstByteMs ??= clock.monotonic() - started;
        },
        note(more) {
          facts = { ...facts, ...more };
        },
        paid(check) {
          checks.push(check);
        },
        end(result) {
          if (over) return;
          over = true;
          const { error, usage, logprobs, rejection, dropped = [] } = { ...facts, ...result };
          const unbilled = !usage && firstByteMs === undefined && error !== undefined && isUnbilled(error);
          attempts.push({
            index,
            model: candidate.model,
            provider: candidate.provider,
            tier: candidate.tier,
            status: statusOf(result),
            ...(error ? { error: { code: error.code, message: error.message } } : {}),
            ...(rejection ? { validator: rejection } : {}),
            ...(checks.length > 0 ? { checks } : {}),
            ...(usage ? { usage } : {}),
            ...(logprobs ? { logprobs } : {}),
            costUsd: unbilled ? 0 : costOf(priceOf(candidate.model), usage),
            latencyMs: clock.monotonic() - started,
            ...(firstByteMs === undefined ? {} : { firstByteMs }),
            dropped,
          });
        },
      };
    },
  };
}
