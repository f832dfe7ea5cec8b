import type { Usage } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { tokenCount } from '../token-count.ts';

function detail(usage: JsonObject, group: string, name: string): JsonValue | undefined {
  const details = usage[group];
  return isJsonObject(details) ? details[name] : undefined;
}

/**
 * Token counts of a `usage` object; undefined where there is none. Servers that leave reasoning out of
 * `completion_tokens` count it in `total_tokens`: the difference is output too.
 */
export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const inputTokens = tokenCount(value.prompt_tokens);
  const completion = tokenCount(value.completion_tokens);
  const beyond = Math.max(0, tokenCount(value.total_tokens) - inputTokens - completion);
  const cached =
    detail(value, 'prompt_tokens_details', 'cached_tokens') ??
    value.prompt_cache_hit_tokens ??
    value.cached_tokens;
  const reasoning = detail(value, 'completion_tokens_details', 'reasoning_tokens') ?? value.reasoning_tokens;
  return {
    inputTokens,
    outputTokens: completion + beyond,
    cachedInputTokens: tokenCount(cached),
    cacheWriteTokens: tokenCount(detail(value, 'prompt_tokens_details', 'cache_write_tokens')),
    reasoningTokens: Math.max(tokenCount(reasoning), beyond),
  };
}

export function encodeUsage(usage: Usage): JsonObject {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      ...(usage.cacheWriteTokens > 0 ? { cache_write_tokens: usage.cacheWriteTokens } : {}),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  };
}
