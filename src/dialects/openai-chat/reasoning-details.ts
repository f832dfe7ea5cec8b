/**
 * Signatures of reasoning as servers of this format carry them: OpenRouter in `reasoning_details`, Gemini in the
 * `extra_content` of a message or of one of its tool calls.
 */
import type { ThinkingPart } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { present } from '../validate.ts';

export interface SignedReasoning {
  /** What `reasoning_details` shows, which other fields usually say too. */
  readonly text: string;
  /** Signatures of what it shows. */
  readonly signatures: readonly string[];
  /** Encrypted reasoning, and signatures of nothing that is shown. */
  readonly redacted: readonly string[];
}

function stringOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function thoughtSignature({ extra_content: extra }: JsonObject): string {
  const google = isJsonObject(extra) ? extra.google : undefined;
  return isJsonObject(google) ? stringOf(google.thought_signature) : '';
}

/** Reads a message or a delta. */
export function readSignedReasoning(message: JsonObject): SignedReasoning {
  const details = objects(message.reasoning_details);
  const own = [message, ...objects(message.tool_calls)].map(thoughtSignature);
  const present = (texts: readonly string[]): string[] => texts.filter((text) => text !== '');
  return {
    text: details.map((detail) => stringOf(detail.text) || stringOf(detail.summary)).join(''),
    signatures: present(details.map(({ signature }) => stringOf(signature))),
    redacted: present([...details.map(({ data }) => stringOf(data)), ...own]),
  };
}

/** The reasoning of a whole message: what it shows, with its signature, and what only its model can read. */
export function thinkingParts(message: JsonObject, shown: string): ThinkingPart[] {
  const { signatures, redacted } = readSignedReasoning(message);
  const [signature] = signatures;
  const hidden = shown === '' ? [...signatures, ...redacted] : [...signatures.slice(1), ...redacted];
  return [
    ...(shown === '' ? [] : [{ type: 'thinking', text: shown, ...present({ signature }) } as const]),
    ...hidden.map((data) => ({ type: 'thinking', text: '', redacted: data }) as const),
  ];
}
