import type { ChatEvent } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** Follows the content blocks of one stream. */
export interface BlockDecoder {
  /** The events of one `content_block_start`, `_delta` or `_stop`. */
  push(event: JsonObject): ChatEvent[];
  /** The events of a block that came whole. */
  whole(block: JsonValue, index: number): ChatEvent[];
}

interface OpenBlock {
  readonly type: string;
  readonly block: JsonObject;
  /** Canonical index of a tool call. */
  readonly call: number;
  hasArguments: boolean;
}

/** Block types that have canonical events. */
const KNOWN: ReadonlySet<string> = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use']);

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function textEvents(type: 'text' | 'thinking', text: string): ChatEvent[] {
  return text === '' ? [] : [{ type, text }];
}

function signatureEvents(signature: string): ChatEvent[] {
  return signature === '' ? [] : [{ type: 'thinking_signature', signature }];
}

/** Blocks and deltas that have no canonical event become `opaque` ones, so that nothing is lost unseen. */
export function createBlockDecoder(): BlockDecoder {
  const open = new Map<JsonValue | undefined, OpenBlock>();
  let calls = 0;

  function begin(event: JsonObject): ChatEvent[] {
    const block = isJsonObject(event.content_block) ? event.content_block : {};
    const type = textOf(block.type);
    open.set(event.index, { type, block, call: calls, hasArguments: false });
    switch (type) {
      case 'text':
        return textEvents('text', textOf(block.text));
      case 'thinking':
        return [
          ...textEvents('thinking', textOf(block.thinking)),
          ...signatureEvents(textOf(block.signature)),
        ];
      case 'redacted_thinking':
        return [{ type: 'redacted_thinking', data: textOf(block.data) }];
      case 'tool_use':
        calls += 1;
        return [{ type: 'tool_call', index: calls - 1, id: textOf(block.id), name: textOf(block.name) }];
      default:
        return [{ type: 'opaque', kind: type, raw: event }];
    }
  }

  function advance(event: JsonObject): ChatEvent[] {
    const current = open.get(event.index);
    const delta = isJsonObject(event.delta) ? event.delta : {};
    if (current !== undefined && !KNOWN.has(current.type)) {
      return [{ type: 'opaque', kind: current.type, raw: event }];
    }
    switch (delta.type) {
      case 'text_delta':
        return textEvents('text', textOf(delta.text));
      case 'thinking_delta':
        return textEvents('thinking', textOf(delta.thinking));
      case 'signature_delta':
        return signatureEvents(textOf(delta.signature));
      case 'input_json_delta': {
        const json = textOf(delta.partial_json);
        if (json === '' || current === undefined) return [];
        current.hasArguments = true;
        return [{ type: 'tool_call_arguments', index: current.call, json }];
      }
      case 'citations_delta':
        return [{ type: 'opaque', kind: 'citations', raw: event }];
      default:
        return [{ type: 'opaque', kind: textOf(delta.type), raw: event }];
    }
  }

  /** Arguments that no delta brought stand in the block itself; without any they are an empty object. */
  function close(event: JsonObject): ChatEvent[] {
    const current = open.get(event.index);
    open.delete(event.index);
    if (current === undefined) return [];
    if (!KNOWN.has(current.type)) return [{ type: 'opaque', kind: current.type, raw: event }];
    if (current.type !== 'tool_use' || current.hasArguments) return [];
    const json = JSON.stringify(isJsonObject(current.block.input) ? current.block.input : {});
    return [{ type: 'tool_call_arguments', index: current.call, json }];
  }

  function push(event: JsonObject): ChatEvent[] {
    if (event.type === 'content_block_start') return begin(event);
    return event.type === 'content_block_delta' ? advance(event) : close(event);
  }

  return {
    push,
    whole: (block, index) => [
      ...push({ type: 'content_block_start', index, content_block: block }),
      ...push({ type: 'content_block_stop', index }),
    ],
  };
}
