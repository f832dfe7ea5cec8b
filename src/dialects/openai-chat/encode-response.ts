import type { ChatResponse } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import type { EncodeContext } from '../../core/ports.ts';
import { present } from '../validate.ts';
import { encodeStopReason } from './stop-reason.ts';
import { encodeUsage } from './usage.ts';

/** The id under which an answer of another dialect is told. */
export function completionId(upstreamId: string, createdAt: number): string {
  if (upstreamId === '') return `chatcmpl-${createdAt}`;
  return upstreamId.startsWith('chatcmpl-') ? upstreamId : `chatcmpl-${upstreamId}`;
}

function encodeMessage(response: ChatResponse): JsonObject {
  let text = '';
  let thinking = '';
  let refusal: string | undefined;
  const toolCalls: JsonObject[] = [];
  for (const part of response.content) {
    if (part.type === 'text') text += part.text;
    else if (part.type === 'thinking') thinking += part.text;
    else if (part.type === 'refusal') refusal = (refusal ?? '') + part.text;
    else if (part.type === 'tool_call') {
      const { id, name, arguments: json } = part;
      toolCalls.push({ id, type: 'function', function: { name, arguments: json } });
    }
  }
  return {
    role: 'assistant',
    content: text === '' && (toolCalls.length > 0 || refusal !== undefined) ? null : text,
    refusal: refusal ?? null,
    ...present({
      reasoning_content: thinking === '' ? undefined : thinking,
      tool_calls: toolCalls.length > 0 ? toolCalls : undefined,
    }),
  };
}

/** See Dialect.encodeResponse. Thinking goes out as `reasoning_content`, which clients that do not know it skip. */
export function encodeResponse(response: ChatResponse, context: EncodeContext): JsonObject {
  if (response.dialect === 'openai-chat') return response.raw;
  const hasRefusal = response.content.some((part) => part.type === 'refusal');
  return {
    id: completionId(response.id, context.createdAt),
    object: 'chat.completion',
    created: context.createdAt,
    model: response.model,
    choices: [
      {
        index: 0,
        message: encodeMessage(response),
        logprobs: null,
        finish_reason: encodeStopReason(response.stopReason, hasRefusal),
      },
    ],
    ...present({ usage: response.usage && encodeUsage(response.usage) }),
  };
}
