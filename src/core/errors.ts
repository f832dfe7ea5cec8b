/**
 * The closed list of errors. One row per code says the HTTP status, whether another attempt or another model
 * may help, and how loudly it is logged; each dialect turns a code into a body its clients understand.
 */
export const ERROR_CODES = {
  invalid_request: {
    status: 400,
    retryable: false,
    level: 'info',
    says: 'The request body or a parameter is not valid.',
  },
  unsupported: {
    status: 400,
    retryable: false,
    level: 'info',
    says: 'The request asks for something no configured model can express, or no model keeps its bounds.',
  },
  context_too_long: {
    status: 400,
    retryable: false,
    level: 'info',
    says: 'The prompt fits no configured context window.',
  },
  unauthorized: { status: 401, retryable: false, level: 'info', says: 'The API key is missing or wrong.' },
  forbidden: {
    status: 403,
    retryable: false,
    level: 'info',
    says: 'The caller may not use this endpoint, model or tier.',
  },
  unknown_model: {
    status: 404,
    retryable: false,
    level: 'info',
    says: 'The model is neither `auto`, `auto:<tier>` nor configured.',
  },
  unknown_decision: { status: 404, retryable: false, level: 'info', says: 'No decision has this id.' },
  not_found: { status: 404, retryable: false, level: 'info', says: 'There is no such endpoint.' },
  method_not_allowed: {
    status: 405,
    retryable: false,
    level: 'info',
    says: 'The endpoint exists, this method does not.',
  },
  duplicate_feedback: {
    status: 409,
    retryable: false,
    level: 'info',
    says: 'The same judgement is already recorded.',
  },
  nothing_to_revoke: {
    status: 409,
    retryable: false,
    level: 'info',
    says: 'There is no live feedback on this decision.',
  },
  body_too_large: {
    status: 413,
    retryable: false,
    level: 'info',
    says: 'The body exceeds the configured limit.',
  },
  rate_limited: {
    status: 429,
    retryable: true,
    level: 'info',
    says: "The caller's own limit of requests, tokens or requests at once is used up.",
  },
  upstream_rejected: {
    status: 400,
    retryable: false,
    level: 'warn',
    says: 'The model provider refused the request as invalid.',
  },
  upstream_auth: {
    status: 502,
    retryable: true,
    level: 'error',
    says: 'The model provider refused our API key.',
  },
  upstream_rate_limited: {
    status: 429,
    retryable: true,
    level: 'warn',
    says: 'The model provider is rate limiting us.',
  },
  upstream_error: { status: 502, retryable: true, level: 'warn', says: 'The model provider failed.' },
  upstream_malformed: {
    status: 502,
    retryable: true,
    level: 'warn',
    says: 'The model provider sent something unreadable.',
  },
  upstream_timeout: {
    status: 504,
    retryable: true,
    level: 'warn',
    says: 'The model provider did not answer in time.',
  },
  overloaded: {
    status: 503,
    retryable: true,
    level: 'error',
    says: 'No configured model can answer at present.',
  },
  budget_exceeded: {
    status: 429,
    retryable: false,
    level: 'info',
    says: 'A budget of the key, its team or the whole router is spent; `Retry-After` says when the next one begins.',
  },
  client_closed: {
    status: 499,
    retryable: false,
    level: 'info',
    says: 'The client went away before the answer was complete.',
  },
  internal: { status: 500, retryable: false, level: 'error', says: 'A fault of the router itself.' },
} as const satisfies Record<
  string,
  { status: number; retryable: boolean; level: 'info' | 'warn' | 'error'; says: string }
>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface RouterErrorDetails {
  /** Path of the offending field, e.g. `messages[2].content`. */
  readonly field?: string;
  /** Seconds after which another try may succeed. */
  readonly retryAfterSeconds?: number;
  /** The status the upstream answered with. */
  readonly upstreamStatus?: number;
  /** True where the request never reached the upstream, which so bills nothing. */
  readonly unsent?: boolean;
  /** True where the upstream refuses what this model cannot do: another model may take the same request. */
  readonly modelSpecific?: boolean;
  /** True where the same call, repeated at once, would be made otherwise: with another key. */
  readonly retryNow?: boolean;
  readonly cause?: unknown;
}

/** The one error class of the project. `message` is written for the caller and never holds a key or a prompt. */
export class RouterError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly upstreamStatus: number | undefined;
  readonly unsent: boolean;
  readonly modelSpecific: boolean;
  readonly retryNow: boolean;

  constructor(code: ErrorCode, message: string, details: RouterErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'RouterError';
    this.code = code;
    this.field = details.field;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.upstreamStatus = details.upstreamStatus;
    this.unsent = details.unsent ?? false;
    this.modelSpecific = details.modelSpecific ?? false;
    this.retryNow = details.retryNow ?? false;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  /** True where the same request may succeed on another attempt or another model. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** Any thrown value as a RouterError; what is not one becomes `internal` without leaking its message. */
export function asRouterError(error: unknown): RouterError {
  if (error instanceof RouterError) return error;
  return new RouterError('internal', 'The router failed unexpectedly.', { cause: error });
}

/** Codes that say the upstream refused before it wrote anything, or was never called. */
const UNBILLED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upstream_auth',
  'upstream_rate_limited',
  'upstream_rejected',
  'context_too_long',
  'unsupported',
  'overloaded',
]);

/** True where a call that ended so cost nothing; one that broke off may have. */
export function isUnbilled(error: RouterError): boolean {
  return error.unsent || error.upstreamStatus !== undefined || UNBILLED.has(error.code);
}

/** The caller went away before its answer was complete. */
export function clientGone(cause?: unknown): RouterError {
  return new RouterError('client_closed', 'The client went away.', cause === undefined ? {} : { cause });
}

/** Why a call whose signal aborted was ended: the RouterError it was aborted with, else that the caller went away. */
export function abortedBy(signal: AbortSignal): RouterError {
  const { reason }: { readonly reason: unknown } = signal;
  return reason instanceof RouterError ? reason : clientGone(reason);
}
