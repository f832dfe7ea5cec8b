import type { Usage } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { tokenCount } from '../token-count.ts';

function detail(usage: JsonObject, group: string, name: string): number {
  const details = usage[group];
  return tokenCount(isJsonObject(details) ? details[name] : undefined);
}

/** Token counts of a `usage` object; undefined where there is none. Totals include cached and reasoning tokens. */
export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  return {
    inputTokens: tokenCount(value.input_tokens),
    outputTokens: tokenCount(value.output_tokens),
    cachedInputTokens: detail(value, 'input_tokens_details', 'cached_tokens'),
    cacheWriteTokens: detail(value, 'input_tokens_details', 'cache_write_tokens'),
    reasoningTokens: detail(value, 'output_tokens_details', 'reasoning_tokens'),
  };
}

export function encodeUsage(usage: Usage): JsonObject {
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      ...(usage.cacheWriteTokens > 0 ? { cache_write_tokens: usage.cacheWriteTokens } : {}),
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  };
}
