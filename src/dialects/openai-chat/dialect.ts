import { isJsonObject } from '../../core/json.ts';
import type { Dialect } from '../../core/ports.ts';
import { parseJson } from '../parse-json.ts';
import { decodeUpstreamError } from '../upstream-error.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';
import { encodeError, encodeStreamError } from './errors.ts';
import { concealLogprobs } from './logprobs.ts';
import type { OpenAiChatOptions } from './options.ts';
import { createStreamDecoder } from './stream-decoder.ts';
import { createStreamEncoder } from './stream-encoder.ts';

/** True for a chunk that holds nothing but the usage. */
function isUsageChunk(data: string): boolean {
  if (!data.includes('"usage"')) return false;
  const chunk = parseJson(data);
  return (
    isJsonObject(chunk) &&
    isJsonObject(chunk.usage) &&
    Array.isArray(chunk.choices) &&
    chunk.choices.length === 0
  );
}

/** The codec of OpenAI Chat Completions and of the many servers that speak it. */
export function createOpenAiChatDialect(options: OpenAiChatOptions = {}): Dialect {
  return {
    id: 'openai-chat',
    decodeRequest,
    encodeRequest: (request, upstreamModel) => encodeRequest(request, upstreamModel, options),
    decodeResponse,
    encodeResponse,
    streamDecoder: createStreamDecoder,
    streamEncoder: createStreamEncoder,
    encodeError,
    encodeStreamError,
    hides: (request, event) =>
      request.dialect === 'openai-chat' && request.includeUsage !== true && isUsageChunk(event.data),
    conceal: concealLogprobs,
    decodeError: decodeUpstreamError,
  };
}
