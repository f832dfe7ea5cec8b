import type { ErrorCode, RouterError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { formatSse } from '../sse.ts';

/** Codes that clients of this dialect know by another name. */
const CLIENT_CODES: Partial<Record<ErrorCode, string>> = {
  context_too_long: 'context_length_exceeded',
  unknown_model: 'model_not_found',
  unauthorized: 'invalid_api_key',
  rate_limited: 'rate_limit_exceeded',
  upstream_rate_limited: 'rate_limit_exceeded',
  budget_exceeded: 'insufficient_quota',
};

function errorType(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

/** The body a client of chat completions expects beside an error status. */
export function encodeError(error: RouterError): JsonObject {
  return {
    error: {
      message: error.message,
      type: errorType(error.status),
      param: error.field ?? null,
      code: CLIENT_CODES[error.code] ?? error.code,
    },
  };
}

/** An error inside a stream that has begun: the clients raise it and stop reading. */
export function encodeStreamError(error: RouterError): string {
  return formatSse(encodeError(error));
}
