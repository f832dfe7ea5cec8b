/**
 * Takes reasoning that another model signed out of a chat completions body. OpenRouter carries it in the
 * `reasoning_details` of a message, Gemini in the `extra_content` of a message or of one of its calls.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** A body, and what was taken out of it, as paths: `messages[3].reasoning`. */
export interface Body {
  readonly body: JsonObject;
  readonly dropped: readonly string[];
}

type Goes = (signature: JsonValue | undefined) => boolean;

function withoutSigned(details: JsonValue, goes: Goes): JsonValue | undefined {
  if (!Array.isArray(details)) return details;
  const kept = details.filter(
    (detail) => !isJsonObject(detail) || !(goes(detail.signature) || goes(detail.data)),
  );
  if (kept.length === details.length) return details;
  return kept.length > 0 ? kept : undefined;
}

function withoutSignature(extra: JsonValue, goes: Goes): JsonValue | undefined {
  const google = isJsonObject(extra) ? extra.google : undefined;
  return isJsonObject(google) && goes(google.thought_signature) ? undefined : extra;
}

function withStripped(calls: JsonValue, goes: Goes): JsonValue {
  if (!Array.isArray(calls)) return calls;
  const stripped = calls.map((call) => (isJsonObject(call) ? stripSigned(call, goes) : call));
  return stripped.some((call, index) => call !== calls[index]) ? stripped : calls;
}

const SIGNED: Readonly<Record<string, (value: JsonValue, goes: Goes) => JsonValue | undefined>> = {
  reasoning_details: withoutSigned,
  extra_content: withoutSignature,
  tool_calls: withStripped,
};

/** A message, or a call in one; the very same where nothing has to go. */
function stripSigned(message: JsonObject, goes: Goes): JsonObject {
  const changed = Object.entries(SIGNED).flatMap(([name, strip]) => {
    const value = message[name];
    const kept = value === undefined ? undefined : strip(value, goes);
    return kept === value ? [] : [[name, kept] as const];
  });
  if (changed.length === 0) return message;
  const entries = Object.entries({ ...message, ...Object.fromEntries(changed) });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

export function stripChat(body: JsonObject, isOwn: (signature: string) => boolean): Body {
  if (!Array.isArray(body.messages)) return { body, dropped: [] };
  const goes: Goes = (signature) => typeof signature === 'string' && signature !== '' && !isOwn(signature);
  const dropped: string[] = [];
  const messages = body.messages.map((message, index): JsonValue => {
    if (!isJsonObject(message) || message.role !== 'assistant') return message;
    const stripped = stripSigned(message, goes);
    if (stripped !== message) dropped.push(`messages[${index}].reasoning`);
    return stripped;
  });
  return { body: { ...body, messages }, dropped };
}
