import type { ChatEvent } from '../../core/chat.ts';
import type { RouterError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { EncodeContext, StreamEncoder } from '../../core/ports.ts';
import { formatSse } from '../sse.ts';
import { encodeError, errorEvent } from './errors.ts';
import { responseId } from './ids.ts';
import { createItemEncoder } from './item-encoder.ts';
import { type ResponseFields, responseObject } from './response-object.ts';
import { encodeStopReason } from './stop-reason.ts';

/**
 * Encodes one stream: `response.created` and `in_progress`, the output items with their parts and deltas, and
 * `response.completed`, `incomplete` or, after an `error`, `failed`. Every event has the next sequence number.
 */
export function createStreamEncoder(context: EncodeContext): StreamEncoder {
  let sequence = 0;
  let id = responseId('', context.createdAt);
  let model = '';
  let started = false;
  let ended = false;
  let hasRefusal = false;

  function format(type: string, fields: JsonObject): string {
    const text = formatSse({ type, sequence_number: sequence, ...fields }, type);
    sequence += 1;
    return text;
  }

  const items = createItemEncoder(format);

  function response(fields: Omit<ResponseFields, 'id' | 'createdAt' | 'model' | 'output'>): JsonObject {
    const { createdAt, request } = context;
    return responseObject({ id, createdAt, model, output: items.output, ...fields }, request);
  }

  function start(): string {
    if (started) return '';
    started = true;
    const begun = response({ status: 'in_progress' });
    return (
      format('response.created', { response: begun }) + format('response.in_progress', { response: begun })
    );
  }

  function finish(event: Extract<ChatEvent, { type: 'finish' }>): string {
    ended = true;
    const { status, incomplete_details: incompleteDetails } = encodeStopReason(event.stopReason, hasRefusal);
    const closed = items.end(status);
    const whole = response({ status, incompleteDetails, usage: event.usage });
    return closed + format(`response.${status}`, { response: whole });
  }

  /** The items that were open stay open: nobody will complete them. */
  function fail(error: RouterError): string {
    ended = true;
    const told = formatSse(errorEvent(error, sequence), 'error');
    if (!started) return told;
    sequence += 1;
    const { code, message } = (encodeError(error) as { error: JsonObject }).error;
    return (
      told + format('response.failed', { response: response({ status: 'failed', error: { code, message } }) })
    );
  }

  return {
    encode(event) {
      if (ended) return '';
      if (event.type === 'error') return fail(event.error);
      if (event.type === 'start') {
        id = responseId(event.id, context.createdAt);
        model = event.model;
        return start();
      }
      if (event.type === 'finish') return start() + finish(event);
      hasRefusal ||= event.type === 'refusal';
      const begun = isContent(event) ? start() : '';
      return begun + items.encode(event, id);
    },
  };
}

const CONTENT: ReadonlySet<string> = new Set([
  'text',
  'thinking',
  'refusal',
  'tool_call',
  'tool_call_arguments',
]);

/** True for an event that the format has a place for. */
function isContent(event: ChatEvent): boolean {
  return CONTENT.has(event.type);
}
