import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { readSignedReasoning } from './reasoning-details.ts';

/** The pieces of an answer's message or of a stream's delta that are text; empty where absent. */
export interface AnswerText {
  readonly thinking: string;
  readonly text: string;
  readonly refusal: string;
}

function stringOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Text of content that comes as a list of chunks, some of them thinking, as some servers send it. */
function fromChunks(chunks: readonly JsonValue[], kind: 'text' | 'thinking'): string {
  return chunks
    .map((chunk) => {
      if (!isJsonObject(chunk) || chunk.type !== kind) return '';
      if (kind === 'text') return stringOf(chunk.text);
      return Array.isArray(chunk.thinking) ? fromChunks(chunk.thinking, 'text') : stringOf(chunk.thinking);
    })
    .join('');
}

/**
 * Reads a message or delta. Reasoning goes by several names: `reasoning_content`, `reasoning`, `reasoning_details`,
 * thinking chunks.
 */
export function readAnswerText(message: JsonObject): AnswerText {
  const { content } = message;
  const chunks = Array.isArray(content) ? content : [];
  const thinking =
    stringOf(message.reasoning_content) || stringOf(message.reasoning) || readSignedReasoning(message).text;
  return {
    thinking: thinking + fromChunks(chunks, 'thinking'),
    text: stringOf(content) + fromChunks(chunks, 'text'),
    refusal: stringOf(message.refusal),
  };
}

/** A piece of an answer that no other dialect has a place for. */
export interface OwnPiece {
  /** Its name on the wire, e.g. `annotations`, `custom_tool_call`. */
  readonly kind: string;
  readonly raw: JsonObject;
}

/** Fields of a message or delta that a client sees and that other dialects have in other forms or not at all. */
const OWN_FIELDS = ['annotations', 'audio', 'images', 'executed_tools', 'citations'] as const;
/** Fields of a whole answer or chunk that a client sees and that no other dialect has. */
const ANSWER_FIELDS = ['citations', 'search_results', 'videos', 'related_questions'] as const;
const READ_CHUNKS: ReadonlySet<unknown> = new Set(['text', 'thinking']);

/** True for a tool call that is not of a function, or a piece of one: only its first piece says its type. */
export function isOwnCall(call: JsonValue): call is JsonObject {
  return (
    isJsonObject(call) && !isJsonObject(call.function) && isJsonObject(call[stringOf(call.type) || 'custom'])
  );
}

function hasContent(value: JsonValue | undefined): boolean {
  return Array.isArray(value) ? value.length > 0 : isJsonObject(value);
}

/** The pieces beside the choices of an answer or a chunk that only this dialect has. */
export function answerPieces(answer: JsonObject): readonly OwnPiece[] {
  return ANSWER_FIELDS.filter((name) => hasContent(answer[name])).map((name) => ({
    kind: name,
    raw: { [name]: answer[name] },
  }));
}

/** The pieces of a message or delta that only this dialect has. */
export function ownPieces(message: JsonObject): readonly OwnPiece[] {
  const fields = OWN_FIELDS.filter((name) => hasContent(message[name]));
  const chunks = Array.isArray(message.content) ? message.content.filter(isJsonObject) : [];
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isOwnCall) : [];
  return [
    ...fields.map((name) => ({ kind: name, raw: { [name]: message[name] } })),
    ...chunks
      .filter(({ type }) => !READ_CHUNKS.has(type))
      .map((chunk) => ({ kind: stringOf(chunk.type) || 'content', raw: chunk })),
    ...calls.map((call) => ({ kind: `${stringOf(call.type) || 'custom'}_tool_call`, raw: call })),
  ];
}
