import type { Usage } from '../../core/chat.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { tokenCount } from '../token-count.ts';

/** The totals leave out what was spent on compacting the conversation, which is billed as well. */
function compactions(usage: JsonObject): JsonObject[] {
  const { iterations } = usage;
  return Array.isArray(iterations)
    ? iterations.filter(isJsonObject).filter(({ type }) => type === 'compaction')
    : [];
}

/** Token counts of a `usage` object. */
export function decodeUsage(usage: JsonObject): Usage {
  return compactions(usage).map(countsOf).reduce(addUsage, countsOf(usage));
}

function addUsage(one: Usage, other: Usage): Usage {
  const cacheWrite1hTokens = (one.cacheWrite1hTokens ?? 0) + (other.cacheWrite1hTokens ?? 0);
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    cachedInputTokens: one.cachedInputTokens + other.cachedInputTokens,
    cacheWriteTokens: one.cacheWriteTokens + other.cacheWriteTokens,
    ...(cacheWrite1hTokens > 0 ? { cacheWrite1hTokens } : {}),
    reasoningTokens: one.reasoningTokens + other.reasoningTokens,
  };
}

/** On the wire `input_tokens` leaves out what the cache read and wrote. */
function countsOf(usage: JsonObject): Usage {
  const cachedInputTokens = tokenCount(usage.cache_read_input_tokens);
  const cacheWriteTokens = tokenCount(usage.cache_creation_input_tokens);
  const written = isJsonObject(usage.cache_creation) ? usage.cache_creation : {};
  const cacheWrite1hTokens = tokenCount(written.ephemeral_1h_input_tokens);
  const details = isJsonObject(usage.output_tokens_details) ? usage.output_tokens_details : {};
  return {
    inputTokens: tokenCount(usage.input_tokens) + cachedInputTokens + cacheWriteTokens,
    outputTokens: tokenCount(usage.output_tokens),
    cachedInputTokens,
    cacheWriteTokens,
    ...(cacheWrite1hTokens > 0 ? { cacheWrite1hTokens } : {}),
    reasoningTokens: tokenCount(details.thinking_tokens),
  };
}

/** The wire's counts; zeros where the usage is unknown, since clients of this dialect rely on the fields. */
export function encodeUsage(usage: Usage | undefined): JsonObject {
  const cached = usage?.cachedInputTokens ?? 0;
  const written = usage?.cacheWriteTokens ?? 0;
  return {
    input_tokens: Math.max(0, (usage?.inputTokens ?? 0) - cached - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    output_tokens: usage?.outputTokens ?? 0,
    ...(usage && usage.reasoningTokens > 0
      ? { output_tokens_details: { thinking_tokens: usage.reasoningTokens } }
      : {}),
  };
}
