import type { ChatEvent } from '../../core/chat.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { parseJson } from '../parse-json.ts';
import { itemId } from './ids.ts';
import {
  functionCallItem,
  type ItemStatus,
  messageItem,
  reasoningItem,
  refusalPart,
  summaryPart,
  textPart,
} from './output-objects.ts';

/** Turns content events into output items: texts one after the other, calls side by side. */
export interface ItemEncoder {
  /** The text of a content event, possibly empty. `responseId` goes into the ids of the items. */
  encode(event: ChatEvent, responseId: string): string;
  /** Closes what is open. */
  end(status: ItemStatus): string;
  /** The items so far, complete once `end` was called. */
  readonly output: readonly JsonObject[];
}

type Format = (type: string, fields: JsonObject) => string;
type TextKind = 'text' | 'refusal' | 'thinking';

interface OpenText {
  readonly kind: TextKind;
  readonly item: 'message' | 'reasoning';
  readonly index: number;
  readonly id: string;
  readonly finished: JsonObject[];
  text: string;
}

interface OpenCall {
  readonly index: number;
  readonly id: string;
  readonly callId: string;
  readonly name: string;
  arguments: string;
}

/** The names of each kind's events and of the field that its whole text stands in. */
const NAMES = {
  text: { delta: 'response.output_text', part: 'response.content_part', at: 'content_index', whole: 'text' },
  refusal: {
    delta: 'response.refusal',
    part: 'response.content_part',
    at: 'content_index',
    whole: 'refusal',
  },
  thinking: {
    delta: 'response.reasoning_summary_text',
    part: 'response.reasoning_summary_part',
    at: 'summary_index',
    whole: 'text',
  },
} as const;

const PARTS = { text: textPart, refusal: refusalPart, thinking: summaryPart } as const;

function isWhole(call: OpenCall): boolean {
  return isJsonObject(parseJson(call.arguments));
}

export function createItemEncoder(format: Format): ItemEncoder {
  const output: JsonObject[] = [];
  const calls = new Map<number, OpenCall>();
  let open: OpenText | undefined;

  function itemOf(text: OpenText, status: ItemStatus): JsonObject {
    return text.item === 'message'
      ? messageItem(text.id, text.finished, status)
      : reasoningItem(text.id, text.finished);
  }

  function begin(item: JsonObject, index: number): string {
    output[index] = item;
    return format('response.output_item.added', { output_index: index, item });
  }

  function finish(item: JsonObject, index: number): string {
    output[index] = item;
    return format('response.output_item.done', { output_index: index, item });
  }

  /** Where in which item a part of the open text stands. */
  function place(text: OpenText): JsonObject {
    const { at } = NAMES[text.kind];
    return { item_id: text.id, output_index: text.index, [at]: text.finished.length };
  }

  function beginPart(text: OpenText): string {
    return format(`${NAMES[text.kind].part}.added`, { ...place(text), part: PARTS[text.kind]('') });
  }

  function endPart(text: OpenText): string {
    const { delta, part, whole } = NAMES[text.kind];
    const logprobs = text.kind === 'text' ? { logprobs: [] } : {};
    const at = place(text);
    const ended = PARTS[text.kind](text.text);
    text.finished.push(ended);
    return (
      format(`${delta}.done`, { ...at, [whole]: text.text, ...logprobs }) +
      format(`${part}.done`, { ...at, part: ended })
    );
  }

  function closeText(status: ItemStatus): string {
    if (open === undefined) return '';
    const closed = open;
    open = undefined;
    return endPart(closed) + finish(itemOf(closed, status), closed.index);
  }

  function closeCall(call: OpenCall, key: number, status: ItemStatus): string {
    calls.delete(key);
    const at = { item_id: call.id, output_index: call.index };
    const { name, arguments: json } = call;
    return (
      format('response.function_call_arguments.done', { ...at, name, arguments: json }) +
      finish(functionCallItem(call, status), call.index)
    );
  }

  /** Closes what comes before a new item: the open text, and calls whose arguments are complete. */
  function closeBefore(): string {
    const whole = [...calls].filter(([, call]) => isWhole(call));
    return closeText('completed') + whole.map(([key, call]) => closeCall(call, key, 'completed')).join('');
  }

  function openText(kind: TextKind, responseId: string): { text: OpenText; begun: string } {
    const item = kind === 'thinking' ? 'reasoning' : 'message';
    if (open?.kind === kind) return { text: open, begun: '' };
    if (open?.item === item) {
      const ended = endPart(open);
      const next = { ...open, kind, text: '' };
      open = next;
      return { text: next, begun: ended + beginPart(next) };
    }
    const closed = closeBefore();
    const index = output.length;
    const next: OpenText = { kind, item, index, id: itemId(item, responseId, index), finished: [], text: '' };
    open = next;
    return { text: next, begun: closed + begin(itemOf(next, 'in_progress'), index) + beginPart(next) };
  }

  function say(kind: TextKind, piece: string, responseId: string): string {
    const { text, begun } = openText(kind, responseId);
    const logprobs = kind === 'text' ? { logprobs: [] } : {};
    text.text += piece;
    return begun + format(`${NAMES[kind].delta}.delta`, { ...place(text), delta: piece, ...logprobs });
  }

  function toolCall(event: Extract<ChatEvent, { type: 'tool_call' }>, responseId: string): string {
    const closed = closeBefore();
    const index = output.length;
    const id = itemId('function_call', responseId, index);
    const call = { index, id, callId: event.id, name: event.name, arguments: '' };
    calls.set(event.index, call);
    return closed + begin(functionCallItem(call, 'in_progress'), index);
  }

  function toolArguments(event: Extract<ChatEvent, { type: 'tool_call_arguments' }>): string {
    const call = calls.get(event.index);
    if (call === undefined) return '';
    call.arguments += event.json;
    const at = { item_id: call.id, output_index: call.index };
    return format('response.function_call_arguments.delta', { ...at, delta: event.json });
  }

  return {
    output,
    encode(event, responseId) {
      switch (event.type) {
        case 'text':
        case 'refusal':
        case 'thinking':
          return say(event.type, event.text, responseId);
        case 'tool_call':
          return toolCall(event, responseId);
        case 'tool_call_arguments':
          return toolArguments(event);
        default:
          return '';
      }
    },
    end(status) {
      const texts = closeText(status);
      return texts + [...calls].map(([key, call]) => closeCall(call, key, status)).join('');
    },
  };
}
