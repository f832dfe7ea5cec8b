import type { ChatEvent } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { parseJson } from '../parse-json.ts';
import { callId } from './call-id.ts';

interface OpenCall {
  readonly index: number;
  readonly id: string;
  name: string;
  announced: boolean;
  /** The arguments so far, those that came before the name included. */
  json: string;
}

/** Follows the tool calls of one stream through their deltas. */
export interface ToolCallDeltas {
  /** The events of one `tool_calls` array, or of a lone legacy `function_call` in one, of the answer with this id. */
  push(deltas: readonly JsonValue[], answerId: string): ChatEvent[];
  /** What calls that the model gave no arguments lack of being complete: an empty object. */
  end(): ChatEvent[];
  readonly count: number;
}

function stringOf(value: JsonValue | undefined): string {
  if (isJsonObject(value)) return JSON.stringify(value);
  return typeof value === 'string' ? value : '';
}

function isWhole(call: OpenCall): boolean {
  return parseJson(call.json) !== undefined;
}

/**
 * Upstream indexes start anywhere, are left out, or repeat for every call. Under a known index a new call begins with
 * a new id and a name, or without ids with a name where the call so far is complete or came in the same array; a new
 * id alone, which some servers give every delta, goes on with the call. Canonical indexes count 0, 1, 2 … in order of
 * appearance.
 */
export function createToolCallDeltas(): ToolCallDeltas {
  const open = new Map<JsonValue, OpenCall>();
  const all: OpenCall[] = [];
  let last: OpenCall | undefined;

  function goesOn(call: OpenCall, delta: JsonObject, together: ReadonlySet<OpenCall>): boolean {
    const id = stringOf(delta.id);
    if (id !== '' && id === call.id) return true;
    const fields = isJsonObject(delta.function) ? delta.function : {};
    const isNamed = stringOf(fields.name) !== '';
    if (id !== '') return !isNamed && !isWhole(call);
    const hasMore = stringOf(fields.arguments) !== '';
    return !(isNamed && call.announced && (together.has(call) || (hasMore && isWhole(call))));
  }

  function callOf(delta: JsonObject, answerId: string, together: ReadonlySet<OpenCall>): OpenCall {
    const id = stringOf(delta.id);
    const key = typeof delta.index === 'number' ? delta.index : id;
    const known = key === '' ? last : open.get(key);
    if (known !== undefined && goesOn(known, delta, together)) return known;
    const index = all.length;
    const call = { index, id: id || callId(answerId, index), name: '', announced: false, json: '' };
    all.push(call);
    open.set(key, call);
    return call;
  }

  function events(delta: JsonObject, call: OpenCall): ChatEvent[] {
    const fields = isJsonObject(delta.function) ? delta.function : {};
    const json = stringOf(fields.arguments);
    const { index, id } = call;
    call.json += json;
    if (call.announced) return json === '' ? [] : [{ type: 'tool_call_arguments', index, json }];
    call.name += stringOf(fields.name);
    if (call.name === '') return [];
    call.announced = true;
    const announced: ChatEvent = { type: 'tool_call', index, id, name: call.name };
    return call.json === ''
      ? [announced]
      : [announced, { type: 'tool_call_arguments', index, json: call.json }];
  }

  return {
    push(deltas, answerId) {
      const together = new Set<OpenCall>();
      return deltas.filter(isJsonObject).flatMap((delta) => {
        last = callOf(delta, answerId, together);
        together.add(last);
        return events(delta, last);
      });
    },
    end: () =>
      all
        .filter(({ announced, json }) => announced && json.trim() === '')
        .map(({ index }) => ({ type: 'tool_call_arguments', index, json: '{}' })),
    get count() {
      return all.length;
    },
  };
}
