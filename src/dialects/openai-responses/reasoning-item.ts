import type { ThinkingPart } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** Between the parts of one item's reasoning. */
export const REASONING_SEPARATOR = '\n\n';

function texts(value: JsonValue | undefined): string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((part) => (isJsonObject(part) && typeof part.text === 'string' ? [part.text] : []));
}

/** The reasoning that an item shows: its full text where the model gives it, and the summary. */
function reasoningText(item: JsonObject): string {
  return [...texts(item.content), ...texts(item.summary)].join(REASONING_SEPARATOR);
}

/**
 * A reasoning item as thinking. Its encrypted content is the signature of what it shows or, where it shows nothing,
 * the thinking itself. An item that holds neither, only the id of what its provider stores, is empty thinking.
 */
export function decodeReasoning(item: JsonObject): ThinkingPart {
  const text = reasoningText(item);
  const encrypted = typeof item.encrypted_content === 'string' ? item.encrypted_content : '';
  if (encrypted === '') return { type: 'thinking', text };
  return text === ''
    ? { type: 'thinking', text, redacted: encrypted }
    : { type: 'thinking', text, signature: encrypted };
}
