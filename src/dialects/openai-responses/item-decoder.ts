import type { ChatEvent } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { ANNOTATIONS, hasPhase, PHASE } from './output-items.ts';
import { REASONING_SEPARATOR } from './reasoning-item.ts';
import { createTextTracker, itemKey } from './text-tracker.ts';

/** Follows the output items of one stream. */
export interface ItemDecoder {
  /** The events of one `response.output_*`, `content_*`, `refusal.*`, `function_call_*` or `reasoning_*` event. */
  push(event: JsonObject): ChatEvent[];
  /** The events of those items of the whole answer that no event has told of. */
  late(items: readonly JsonValue[]): ChatEvent[];
  readonly hasToolCalls: boolean;
  readonly hasRefusal: boolean;
}

type TextKind = 'text' | 'thinking' | 'refusal';

const KNOWN: ReadonlySet<string> = new Set(['message', 'function_call', 'reasoning']);

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function objects(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** Items that have no canonical event become `opaque` ones, so that nothing is lost unseen. */
export function createItemDecoder(): ItemDecoder {
  const tracker = createTextTracker();
  const calls = new Map<string, number>();
  /** The part of each reasoning item that last showed something. */
  const shown = new Map<string, string>();
  /** Kinds of items of which something came. */
  const seen = new Set<string>();
  const callIds = new Set<string>();
  /** Keys of the calls of which arguments came. */
  const argued = new Set<string>();
  let hasRefusal = false;

  function say(type: TextKind, text: string, item: string, part: string): ChatEvent[] {
    if (text === '') return [];
    hasRefusal ||= type === 'refusal';
    seen.add(type === 'thinking' ? 'reasoning' : 'message');
    if (type !== 'thinking') return [{ type, text }];
    const before = shown.get(item);
    shown.set(item, part);
    const begins = before !== undefined && before !== part;
    return [{ type, text: begins ? REASONING_SEPARATOR + text : text }];
  }

  /** A delta of a text, or the event that repeats it whole. */
  function textEvent(type: TextKind, event: JsonObject, whole?: JsonValue): ChatEvent[] {
    const item = itemKey(event);
    const isSummary = event.summary_index !== undefined;
    const part = `${isSummary ? 'summary' : 'content'}:${String(event.summary_index ?? event.content_index ?? 0)}`;
    const key = `${type}:${item}:${part}`;
    const text = whole === undefined ? tracker.add(key, event.delta) : tracker.rest(key, whole);
    return say(type, text, item, part);
  }

  function call(item: JsonObject, event: JsonObject): ChatEvent[] {
    const key = itemKey(event);
    if (calls.has(key)) return [];
    const index = calls.size;
    calls.set(key, index);
    const id = textOf(item.call_id) || textOf(item.id) || `call_${index}`;
    callIds.add(id);
    return [{ type: 'tool_call', index, id, name: textOf(item.name) }];
  }

  function callArguments(event: JsonObject, whole?: JsonValue): ChatEvent[] {
    const key = itemKey(event);
    const index = calls.get(key);
    if (index === undefined) return [];
    const json = whole === undefined ? tracker.add(key, event.delta) : tracker.rest(key, whole);
    if (json === '') return [];
    argued.add(key);
    return [{ type: 'tool_call_arguments', index, json }];
  }

  /** A call that was given no arguments at all has an empty object of them. */
  function callDone(item: JsonObject, event: JsonObject): ChatEvent[] {
    const begun = call(item, event);
    const events = callArguments(event, item.arguments);
    const isBare = events.length === 0 && !argued.has(itemKey(event));
    return [...begun, ...(isBare ? callArguments({ ...event, delta: '{}' }) : events)];
  }

  function added(item: JsonObject, event: JsonObject): ChatEvent[] {
    const kind = textOf(item.type);
    if (kind === 'function_call') return [...call(item, event), ...callArguments(event, item.arguments)];
    return KNOWN.has(kind) ? [] : own(kind, event);
  }

  function own(kind: string, event: JsonObject): ChatEvent[] {
    seen.add(kind);
    return [{ type: 'opaque', kind, raw: event }];
  }

  function contentDone(part: JsonObject, event: JsonObject): ChatEvent[] {
    if (part.type === 'refusal') return textEvent('refusal', event, part.refusal);
    if (part.type === 'reasoning_text') return textEvent('thinking', event, part.text);
    if (part.type !== 'output_text') return [{ type: 'opaque', kind: textOf(part.type), raw: event }];
    const events = textEvent('text', event, part.text);
    const isAnnotated = objects(part.annotations).length > 0;
    return isAnnotated ? [...events, { type: 'opaque', kind: ANNOTATIONS, raw: event }] : events;
  }

  function reasoningDone(item: JsonObject, event: JsonObject): ChatEvent[] {
    const { output_index } = event;
    const events = [
      ...objects(item.content).flatMap((part, content_index) =>
        textEvent('thinking', { output_index, content_index }, part.text),
      ),
      ...objects(item.summary).flatMap((part, summary_index) =>
        textEvent('thinking', { output_index, summary_index }, part.text),
      ),
    ];
    const encrypted = textOf(item.encrypted_content);
    if (encrypted === '') return events;
    seen.add('reasoning');
    return shown.has(itemKey(event))
      ? [...events, { type: 'thinking_signature', signature: encrypted }]
      : [...events, { type: 'redacted_thinking', data: encrypted }];
  }

  /** An item that is complete: what its deltas have not said yet. */
  function done(item: JsonObject, event: JsonObject): ChatEvent[] {
    const kind = textOf(item.type);
    const { output_index } = event;
    if (kind === 'message') {
      const events = objects(item.content).flatMap((part, content_index) =>
        contentDone(part, { output_index, content_index, part }),
      );
      return hasPhase(item) ? [...events, { type: 'opaque', kind: PHASE, raw: event }] : events;
    }
    if (kind === 'reasoning') return reasoningDone(item, event);
    if (kind === 'function_call') return callDone(item, event);
    return own(kind, event);
  }

  /** Indexes of the whole answer need not be those of the stream: what came is told by its kind, a call by its id. */
  function isLate(item: JsonObject): boolean {
    const kind = textOf(item.type);
    if (kind === 'function_call') return !callIds.has(textOf(item.call_id) || textOf(item.id));
    return !seen.has(kind);
  }

  function push(event: JsonObject): ChatEvent[] {
    const item = isJsonObject(event.item) ? event.item : {};
    switch (event.type) {
      case 'response.output_item.added':
        return added(item, event);
      case 'response.output_item.done':
        return done(item, event);
      case 'response.output_text.delta':
        return textEvent('text', event);
      case 'response.output_text.done':
        return textEvent('text', event, event.text ?? '');
      case 'response.refusal.delta':
        return textEvent('refusal', event);
      case 'response.refusal.done':
        return textEvent('refusal', event, event.refusal ?? '');
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return textEvent('thinking', event);
      case 'response.reasoning_summary_text.done':
      case 'response.reasoning_text.done':
        return textEvent('thinking', event, event.text ?? '');
      case 'response.function_call_arguments.delta':
        return callArguments(event);
      case 'response.function_call_arguments.done':
        return callArguments(event, event.arguments ?? '');
      case 'response.output_text.annotation.added':
        return [{ type: 'opaque', kind: ANNOTATIONS, raw: event }];
      case 'response.audio.delta':
      case 'response.output_audio.delta':
        return [{ type: 'opaque', kind: 'audio', raw: event }];
      default:
        return [];
    }
  }

  return {
    push,
    late: (items) =>
      items
        .filter(isJsonObject)
        .filter(isLate)
        .flatMap((item, index) =>
          push({ type: 'response.output_item.done', output_index: `late ${index}`, item }),
        ),
    get hasToolCalls() {
      return calls.size > 0;
    },
    get hasRefusal() {
      return hasRefusal;
    },
  };
}
