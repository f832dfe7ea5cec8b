import type { RouterError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { encodeError } from '../openai-chat/errors.ts';
import { formatSse } from '../sse.ts';

export { encodeError };

/**
 * The `error` event: its fields flat, as the reference has them, and again under `error`, where the provider's own
 * streams have them and the official client looks.
 */
export function errorEvent(error: RouterError, sequenceNumber: number): JsonObject {
  const { error: body } = encodeError(error) as { error: JsonObject };
  const { code, message, param } = body;
  return { type: 'error', sequence_number: sequenceNumber, code, message, param, error: body };
}

const SEQUENCE_NUMBER = /"sequence_number"\s*:\s*(\d{1,15})/;

/** An error inside a stream that has begun, numbered after the frame before it. */
export function encodeStreamError(error: RouterError, lastFrame = ''): string {
  const last = SEQUENCE_NUMBER.exec(lastFrame)?.[1];
  return formatSse(errorEvent(error, last === undefined ? 0 : Number(last) + 1), 'error');
}
