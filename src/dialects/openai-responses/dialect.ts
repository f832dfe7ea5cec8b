import type { Dialect } from '../../core/ports.ts';
import { decodeUpstreamError } from '../upstream-error.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest, type OpenAiResponsesOptions } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';
import { encodeError, encodeStreamError } from './errors.ts';
import { createStreamDecoder } from './stream-decoder.ts';
import { createStreamEncoder } from './stream-encoder.ts';

/** The codec of OpenAI Responses. It keeps no state: what refers to a stored answer passes to its own dialect only. */
export function createOpenAiResponsesDialect(options: OpenAiResponsesOptions = {}): Dialect {
  return {
    id: 'openai-responses',
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
