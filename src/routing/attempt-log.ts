/** The trace of one request's attempts, with what each cost. */
import type { Usage } from '../core/chat.ts';
import type { RouterError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { Attempt, AttemptStatus, Candidate, Price } from '../core/routing.ts';
import { costOf } from './cost.ts';

export interface AttemptEnd {
  readonly usage?: Usage;
  readonly dropped?: readonly string[];
  readonly error?: RouterError;
  readonly rejection?: { readonly name: string; readonly reason: string };
}

export interface AttemptEntry {
  /** The first content arrived. */
  firstByte(): void;
  /** Only the first call counts. */
  end(result: AttemptEnd): void;
}

export interface AttemptLog {
  /** Live; in the order in which the attempts ended. */
  readonly attempts: readonly Attempt[];
  start(candidate: Candidate): AttemptEntry;
}

/** An upstream that refused before it wrote anything bills nothing; one that broke off may have. */
const UNBILLED = new Set([
  'upstream_auth',
  'upstream_rate_limited',
  'upstream_rejected',
  'context_too_long',
  'unsupported',
]);

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
      let over = false;
      return {
        firstByte() {
          firstByteMs ??= clock.monotonic() - started;
        },
        end(result) {
          if (over) return;
          over = true;
          const { error, usage, rejection } = result;
          const refused =
            error !== undefined && (UNBILLED.has(error.code) || error.upstreamStatus !== undefined);
          attempts.push({
            index,
            model: candidate.model,
            provider: candidate.provider,
            tier: candidate.tier,
            status: statusOf(result),
            ...(error ? { error: { code: error.code, message: error.message } } : {}),
            ...(rejection ? { validator: rejection } : {}),
            ...(usage ? { usage } : {}),
            costUsd: refused && !usage ? 0 : costOf(priceOf(candidate.model), usage),
            latencyMs: clock.monotonic() - started,
            ...(firstByteMs === undefined ? {} : { firstByteMs }),
            dropped: result.dropped ?? [],
          });
        },
      };
    },
  };
}
