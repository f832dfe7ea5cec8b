import type { JsonObject, JsonValue } from '../../core/json.ts';

/** Remembers what of each text of a stream has come, since an event at its end repeats it whole. */
export interface TextTracker {
  /** Takes a piece in; gives it back. */
  add(key: string, piece: JsonValue | undefined): string;
  /** What the whole text holds beyond the pieces that came; empty where it does not begin with them. */
  rest(key: string, whole: JsonValue | undefined): string;
}

export function createTextTracker(): TextTracker {
  const texts = new Map<string, string>();
  function add(key: string, piece: JsonValue | undefined): string {
    const text = typeof piece === 'string' ? piece : '';
    texts.set(key, (texts.get(key) ?? '') + text);
    return text;
  }
  return {
    add,
    rest(key, whole) {
      const known = texts.get(key) ?? '';
      return typeof whole === 'string' && whole.startsWith(known) ? add(key, whole.slice(known.length)) : '';
    },
  };
}

/** What tells the items of a stream apart. */
export function itemKey(event: JsonObject): string {
  return String(event.output_index ?? event.item_id ?? '');
}
