import { errors } from 'undici';
import { abortedBy, RouterError } from '../core/errors.ts';

/** Seconds in a `Retry-After` header: a number of seconds or an HTTP date (RFC 9110, 10.2.3); undefined where unreadable. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1_000));
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Seconds that an error answer asks to wait: `retry-after-ms`, which some send and is finer, else `retry-after`. */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const first = (name: string): string | undefined => [headers[name]].flat()[0];
  const ms = Number(first('retry-after-ms')?.trim() || Number.NaN);
  if (Number.isFinite(ms)) return Math.max(0, ms) / 1_000;
  return parseRetryAfter(first('retry-after'), now);
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
  if (signals.caller.aborted) return abortedBy(signals.caller);
  const code = codeOf(error);
  const details = { cause: error, unsent: UNSENT.has(code) };
  if (signals.deadline.aborted || isTimeout(error)) {
    return new RouterError('upstream_timeout', `Provider ${provider} did not answer in time.`, details);
  }
  return new RouterError('upstream_error', `Provider ${provider} cannot be reached (${code}).`, details);
}
