import type { ChatEvent } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import type { EncodeContext, StreamEncoder } from '../../core/ports.ts';
import { formatSse } from '../sse.ts';
import { completionId } from './encode-response.ts';
import { encodeStreamError } from './errors.ts';
import { encodeStopReason } from './stop-reason.ts';
import { encodeUsage } from './usage.ts';

/** The delta of a content event; undefined for what the format has no field for. */
function deltaOf(event: ChatEvent): JsonObject | undefined {
  switch (event.type) {
    case 'text':
      return { content: event.text };
    case 'thinking':
      return { reasoning_content: event.text };
    case 'refusal':
      return { refusal: event.text };
    case 'tool_call': {
      const { index, id, name } = event;
      return { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] };
    }
    case 'tool_call_arguments':
      return { tool_calls: [{ index: event.index, function: { arguments: event.json } }] };
    default:
      return undefined;
  }
}

/** Encodes one stream: a chunk with the role, deltas, the finish reason, the usage where wanted, `[DONE]`. */
export function createStreamEncoder(context: EncodeContext): StreamEncoder {
  let id = completionId('', context.createdAt);
  let model = '';
  let started = false;
  let ended = false;
  let hasRefusal = false;

  function chunk(choices: JsonObject[], usage?: JsonObject): string {
    const head = { id, object: 'chat.completion.chunk', created: context.createdAt, model, choices };
    return formatSse(context.includeUsage ? { ...head, usage: usage ?? null } : head);
  }

  function choice(delta: JsonObject, finishReason: string | null = null): string {
    return chunk([{ index: 0, delta, logprobs: null, finish_reason: finishReason }]);
  }

  function start(): string {
    if (started) return '';
    started = true;
    return choice({ role: 'assistant', content: '' });
  }

  function finish(event: Extract<ChatEvent, { type: 'finish' }>): string {
    ended = true;
    const last = choice({}, encodeStopReason(event.stopReason, hasRefusal));
    const usage = context.includeUsage && event.usage ? chunk([], encodeUsage(event.usage)) : '';
    return `${last}${usage}${formatSse('[DONE]')}`;
  }

  return {
    encode(event) {
      if (ended) return '';
      if (event.type === 'error') {
        ended = true;
        return encodeStreamError(event.error);
      }
      if (event.type === 'start') {
        id = completionId(event.id, context.createdAt);
        model = event.model;
        return start();
      }
      if (event.type === 'finish') return start() + finish(event);
      if (event.type === 'refusal') hasRefusal = true;
      const delta = deltaOf(event);
      return delta === undefined ? '' : start() + choice(delta);
    },
  };
}
