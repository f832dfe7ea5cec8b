import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** Gemini from 3 on refuses calls in the history that lack a signature; earlier ones know none. */
const SIGNING = /(?:^|\/)gemini-(?:[3-9]|\d{2})/i;
/** What Google documents in the place of a signature for calls that another model made. */
const NOT_SIGNED = 'skip_thought_signature_validator';

/** True for a model that wants the calls in its history signed, by its name. */
export function wantsSignedCalls(upstreamModel: string): boolean {
  return SIGNING.test(upstreamModel);
}

function hasExtra(call: JsonValue): boolean {
  return isJsonObject(call) && isJsonObject(call.extra_content);
}

/** The body with a placeholder on the first call of each message whose calls are unsigned; the same where there is none. */
export function withSignedCalls(body: JsonObject): JsonObject {
  const { messages } = body;
  if (!Array.isArray(messages)) return body;
  const signed = messages.map((message): JsonValue => {
    if (!isJsonObject(message) || !Array.isArray(message.tool_calls)) return message;
    const [first, ...rest] = message.tool_calls;
    const isSigned = Array.isArray(message.reasoning_details) || message.tool_calls.some(hasExtra);
    if (!isJsonObject(first) || isSigned) return message;
    const placeholder = { extra_content: { google: { thought_signature: NOT_SIGNED } } };
    return { ...message, tool_calls: [{ ...first, ...placeholder }, ...rest] };
  });
  return { ...body, messages: signed };
}
