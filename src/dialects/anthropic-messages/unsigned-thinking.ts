import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Losses } from '../losses.ts';

type Goes = (block: JsonValue) => boolean;

const isThinking: Goes = (block) =>
  isJsonObject(block) && (block.type === 'thinking' || block.type === 'redacted_thinking');
const isUnsigned: Goes = (block) => isJsonObject(block) && block.type === 'thinking' && !block.signature;

/** The messages without the blocks; one that held nothing else goes whole. */
function without(messages: readonly JsonValue[], goes: Goes): JsonValue[] {
  return messages.flatMap((message): JsonValue[] => {
    if (!isJsonObject(message) || !Array.isArray(message.content) || !message.content.some(goes))
      return [message];
    const content = message.content.filter((block) => !goes(block));
    return content.length > 0 ? [{ ...message, content }] : [];
  });
}

/** True where the last call of tools, whose results the messages bring, does not begin with thinking. */
function callsUnthinking(messages: readonly JsonValue[]): boolean {
  const at = messages.findLastIndex((message) => isJsonObject(message) && message.role === 'assistant');
  const call = messages[at];
  if (!isJsonObject(call) || !Array.isArray(call.content) || at === messages.length - 1) return false;
  const calls = call.content.some((block) => isJsonObject(block) && block.type === 'tool_use');
  const [first] = call.content;
  return calls && first !== undefined && !isThinking(first);
}

/** The body with thinking off, and with it the edit of the context that clears thinking. */
function withoutThinking(body: JsonObject): JsonObject {
  const { thinking: _, context_management: management, ...rest } = body;
  if (!isJsonObject(management) || !Array.isArray(management.edits)) {
    return management === undefined ? rest : { ...rest, context_management: management };
  }
  const edits = management.edits.filter(
    (edit) => !(isJsonObject(edit) && String(edit.type).startsWith('clear_thinking')),
  );
  return edits.length > 0 ? { ...rest, context_management: { ...management, edits } } : rest;
}

/**
 * Thinking without a signature came from a model of another dialect; the upstream would refuse it. With a thinking
 * budget the upstream wants the last call of tools to begin with thinking: where that is what goes, this one answer
 * is asked for without any.
 */
export function withoutUnsignedThinking(body: JsonObject, losses: Losses): JsonObject {
  const { messages, thinking } = body;
  if (!Array.isArray(messages)) return body;
  const holdsUnsigned = messages.some(
    (message) => isJsonObject(message) && Array.isArray(message.content) && message.content.some(isUnsigned),
  );
  if (!holdsUnsigned) return body;
  losses.drop('thinking');
  const kept = without(messages, isUnsigned);
  const byBudget = isJsonObject(thinking) && thinking.type === 'enabled';
  if (!byBudget || !callsUnthinking(kept)) return { ...body, messages: kept };
  losses.drop('reasoning');
  return { ...withoutThinking(body), messages: without(messages, isThinking) };
}
