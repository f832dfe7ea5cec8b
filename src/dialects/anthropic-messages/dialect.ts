import type { Dialect } from '../../core/ports.ts';
import { decodeUpstreamError } from '../upstream-error.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeResponse } from './decode-response.ts';
import { type AnthropicMessagesOptions, encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';
import { encodeError, encodeStreamError } from './errors.ts';
import { createStreamDecoder } from './stream-decoder.ts';
import { createStreamEncoder } from './stream-encoder.ts';

/** The codec of Anthropic Messages. */
export function createAnthropicMessagesDialect(options: AnthropicMessagesOptions = {}): Dialect {
  return {
    id: 'anthropic-messages',
    decodeRequest,
    encodeRequest: (request, upstreamModel) => encodeRequest(request, upstreamModel, options),
    decodeResponse,
    encodeResponse,
    streamDecoder: createStreamDecoder,
    streamEncoder: createStreamEncoder,
    encodeError,
    encodeStreamError,
    decodeError: decodeUpstreamError,
  };
}
