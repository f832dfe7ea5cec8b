import type { ChatEvent } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import type { EncodeContext, StreamEncoder } from '../../core/ports.ts';
import { formatSse } from '../sse.ts';
import { createBlockEncoder } from './block-encoder.ts';
import { messageId } from './encode-response.ts';
import { encodeStreamError } from './errors.ts';
import { encodeStopReason } from './stop-reason.ts';
import { encodeUsage } from './usage.ts';

function formatEvent(type: string, fields: JsonObject): string {
  return formatSse({ type, ...fields }, type);
}

/** Encodes one stream: `message_start`, blocks one after the other, `message_delta`, `message_stop`. */
export function createStreamEncoder(context: EncodeContext): StreamEncoder {
  const blocks = createBlockEncoder(formatEvent);
  let started = false;
  let ended = false;
  let refused = false;

  function start(event?: Extract<ChatEvent, { type: 'start' }>): string {
    if (started) return '';
    started = true;
    const message = {
      id: messageId(event?.id ?? '', context.createdAt),
      type: 'message',
      role: 'assistant',
      model: event?.model ?? '',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: encodeUsage(event?.usage),
    };
    return formatEvent('message_start', { message });
  }

  function finish(event: Extract<ChatEvent, { type: 'finish' }>): string {
    ended = true;
    const delta = {
      stop_reason: encodeStopReason(refused ? 'refusal' : event.stopReason),
      stop_sequence: event.stopSequence ?? null,
    };
    const end = formatEvent('message_delta', { delta, usage: encodeUsage(event.usage) });
    return `${blocks.end()}${end}${formatEvent('message_stop', {})}`;
  }

  return {
    encode(event) {
      if (ended) return '';
      if (event.type === 'error') {
        ended = true;
        return encodeStreamError(event.error);
      }
      if (event.type === 'start') return start(event);
      if (event.type === 'finish') return start() + finish(event);
      refused ||= event.type === 'refusal';
      const text = blocks.encode(event);
      return text === '' ? '' : start() + text;
    },
  };
}
