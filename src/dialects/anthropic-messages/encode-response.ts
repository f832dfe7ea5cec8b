import type { ChatResponse, Part } from '../../core/chat.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { EncodeContext } from '../../core/ports.ts';
import { parseJson } from '../parse-json.ts';
import { encodeStopReason } from './stop-reason.ts';
import { encodeUsage } from './usage.ts';

/** The id under which an answer of another dialect is told. */
export function messageId(upstreamId: string, createdAt: number): string {
  if (upstreamId === '') return `msg_${createdAt}`;
  return upstreamId.startsWith('msg_') ? upstreamId : `msg_${upstreamId.replace(/^chatcmpl-/, '')}`;
}

function encodePart(part: Part): JsonObject[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return [{ type: 'text', text: part.text }];
    case 'thinking':
      return part.text === '' ? [] : [{ type: 'thinking', thinking: part.text, signature: '' }];
    case 'tool_call': {
      const input = parseJson(part.arguments);
      return [{ type: 'tool_use', id: part.id, name: part.name, input: isJsonObject(input) ? input : {} }];
    }
    default:
      return [];
  }
}

/** See Dialect.encodeResponse. Thinking of another dialect goes out with an empty signature, as it has none. */
export function encodeResponse(response: ChatResponse, context: EncodeContext): JsonObject {
  if (response.dialect === 'anthropic-messages') return response.raw;
  const refused = response.content.some((part) => part.type === 'refusal');
  return {
    id: messageId(response.id, context.createdAt),
    type: 'message',
    role: 'assistant',
    model: response.model,
    content: response.content.flatMap(encodePart),
    stop_reason: encodeStopReason(refused ? 'refusal' : response.stopReason),
    stop_sequence: response.stopSequence ?? null,
    usage: encodeUsage(response.usage),
  };
}
