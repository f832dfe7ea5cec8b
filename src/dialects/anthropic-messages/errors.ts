import type { RouterError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { formatSse } from '../sse.ts';

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** Clients of this dialect compact the conversation when an error begins with these words. */
const TOO_LONG = 'prompt is too long';

function messageOf(error: RouterError): string {
  if (error.code !== 'context_too_long' || error.message.includes(TOO_LONG)) return error.message;
  return `${TOO_LONG}: ${error.message}`;
}

/** The body a client of Anthropic Messages expects beside an error status. */
export function encodeError(error: RouterError): JsonObject {
  const type = TYPES[error.status] ?? (error.status >= 500 ? 'api_error' : 'invalid_request_error');
  return { type: 'error', error: { type, message: messageOf(error) } };
}

/** An error inside a stream that has begun: the clients raise it and stop reading. */
export function encodeStreamError(error: RouterError): string {
  return formatSse(encodeError(error), 'error');
}
