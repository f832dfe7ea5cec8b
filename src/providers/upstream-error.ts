import { errors } from 'undici';
import { clientGone, RouterError } from '../core/errors.ts';

/** Seconds in a `Retry-After` header: a number of seconds or an HTTP date (RFC 9110, 10.2.3); undefined where unreadable. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1_000));
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

function isTimeout(error: unknown): boolean {
  return (
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError
  );
}

/** Codes of failures that come before anything was sent. */
const UNSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export interface CallSignals {
  /** The caller's. */
  readonly caller: AbortSignal;
  /** Our deadline of the whole call. */
  readonly deadline: AbortSignal;
}

/** What a failure of the transport means. Names the provider and a code, never an address, a key or a body. */
export function transportError(error: unknown, provider: string, signals: CallSignals): RouterError {
  if (error instanceof RouterError) return error;
  if (signals.caller.aborted) return clientGone(error);
  const code = codeOf(error);
  const details = { cause: error, unsent: UNSENT.has(code) };
  if (signals.deadline.aborted || isTimeout(error)) {
    return new RouterError('upstream_timeout', `Provider ${provider} did not answer in time.`, details);
  }
  return new RouterError('upstream_error', `Provider ${provider} cannot be reached (${code}).`, details);
}
