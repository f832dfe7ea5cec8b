import type { ChatEvent } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import { parseJson } from '../parse-json.ts';

/**
 * Turns content events into blocks: one open at a time, indexes in order of opening. What is encoded is another
 * dialect's, so that its signatures, which only end a block, and its hidden thinking are left out.
 */
export interface BlockEncoder {
  /** The text of a content event, possibly empty. */
  encode(event: ChatEvent): string;
  /** Closes what is open and writes what was held back. */
  end(): string;
}

interface Call {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  json: string;
}

type Format = (type: string, fields: JsonObject) => string;

/**
 * Blocks may not overlap, parallel tool calls may: a call that begins while another's arguments are incomplete
 * is held back until that one's block can be closed.
 */
export function createBlockEncoder(format: Format): BlockEncoder {
  let nextIndex = 0;
  let openKind: 'text' | 'thinking' | undefined;
  let openCall: Call | undefined;
  let held: Call[] = [];

  const index = (): number => nextIndex - 1;
  const delta = (fields: JsonObject): string =>
    format('content_block_delta', { index: index(), delta: fields });

  function begin(block: JsonObject): string {
    nextIndex += 1;
    return format('content_block_start', { index: index(), content_block: block });
  }

  function endBlock(): string {
    openKind = undefined;
    openCall = undefined;
    return format('content_block_stop', { index: index() });
  }

  const close = (): string => (openKind === undefined && openCall === undefined ? '' : endBlock());

  function beginCall(call: Call): string {
    const start = close() + begin({ type: 'tool_use', id: call.id, name: call.name, input: {} });
    openCall = call;
    return call.json === '' ? start : start + delta({ type: 'input_json_delta', partial_json: call.json });
  }

  /** Leaves no block open and no call held back. */
  function flush(): string {
    const calls = held;
    held = [];
    return calls.map(beginCall).join('') + close();
  }

  function toolCall(event: Extract<ChatEvent, { type: 'tool_call' }>): string {
    const call = { index: event.index, id: event.id, name: event.name, json: '' };
    const isBusy = openCall !== undefined && parseJson(openCall.json) === undefined;
    if (!isBusy && held.length === 0) return beginCall(call);
    held.push(call);
    return '';
  }

  function toolArguments(event: Extract<ChatEvent, { type: 'tool_call_arguments' }>): string {
    if (openCall?.index === event.index) {
      openCall.json += event.json;
      return delta({ type: 'input_json_delta', partial_json: event.json });
    }
    const call = held.find((candidate) => candidate.index === event.index);
    if (call !== undefined) call.json += event.json;
    return '';
  }

  function within(kind: 'text' | 'thinking', block: JsonObject, fields: JsonObject): string {
    if (openKind === kind) return delta(fields);
    const start = flush() + begin(block);
    openKind = kind;
    return start + delta(fields);
  }

  return {
    encode(event) {
      switch (event.type) {
        case 'text':
        case 'refusal':
          return within('text', { type: 'text', text: '' }, { type: 'text_delta', text: event.text });
        case 'thinking': {
          const block = { type: 'thinking', thinking: '', signature: '' };
          return within('thinking', block, { type: 'thinking_delta', thinking: event.text });
        }
        case 'thinking_signature':
          return openKind === 'thinking' ? close() : '';
        case 'tool_call':
          return toolCall(event);
        case 'tool_call_arguments':
          return toolArguments(event);
        default:
          return '';
      }
    },
    end: flush,
  };
}
