import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

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

/** Reads a message or delta. Reasoning goes by several names: `reasoning_content`, `reasoning`, thinking chunks. */
export function readAnswerText(message: JsonObject): AnswerText {
  const { content } = message;
  const chunks = Array.isArray(content) ? content : [];
  const thinking = stringOf(message.reasoning_content) || stringOf(message.reasoning);
  return {
    thinking: thinking + fromChunks(chunks, 'thinking'),
    text: stringOf(content) + fromChunks(chunks, 'text'),
    refusal: stringOf(message.refusal),
  };
}
