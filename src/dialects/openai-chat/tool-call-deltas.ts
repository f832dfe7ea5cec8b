import type { ChatEvent } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

interface OpenCall {
  readonly index: number;
  readonly id: string;
  name: string;
  announced: boolean;
  /** Arguments that came before the name. */
  held: string;
}

/** Follows the tool calls of one stream through their deltas. */
export interface ToolCallDeltas {
  /** The events of one `tool_calls` array, or of a lone legacy `function_call` in one. */
  push(deltas: readonly JsonValue[]): ChatEvent[];
  readonly count: number;
}

function stringOf(value: JsonValue | undefined): string {
  if (isJsonObject(value)) return JSON.stringify(value);
  return typeof value === 'string' ? value : '';
}

/**
 * Upstream indexes start anywhere, are left out, or repeat for every call; a new id under a known index is a new
 * call. Canonical indexes count 0, 1, 2 … in order of appearance.
 */
export function createToolCallDeltas(): ToolCallDeltas {
  const open = new Map<JsonValue, OpenCall>();
  let count = 0;
  let last: OpenCall | undefined;

  function callOf(delta: JsonObject): OpenCall {
    const id = stringOf(delta.id);
    const key = typeof delta.index === 'number' ? delta.index : id;
    const known = key === '' ? last : open.get(key);
    if (known !== undefined && (id === '' || id === known.id)) return known;
    const call = { index: count, id: id || `call_${count}`, name: '', announced: false, held: '' };
    count += 1;
    open.set(key, call);
    return call;
  }

  function events(delta: JsonObject): ChatEvent[] {
    const call = callOf(delta);
    last = call;
    const fields = isJsonObject(delta.function) ? delta.function : {};
    const json = stringOf(fields.arguments);
    const { index, id } = call;
    if (call.announced) return json === '' ? [] : [{ type: 'tool_call_arguments', index, json }];
    call.name += stringOf(fields.name);
    call.held += json;
    if (call.name === '') return [];
    call.announced = true;
    const announced: ChatEvent = { type: 'tool_call', index, id, name: call.name };
    return call.held === ''
      ? [announced]
      : [announced, { type: 'tool_call_arguments', index, json: call.held }];
  }

  return {
    push: (deltas) => deltas.filter(isJsonObject).flatMap(events),
    get count() {
      return count;
    },
  };
}
