import type { JsonValue } from '../core/json.ts';

/** The value a JSON text stands for; undefined where it is not JSON. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
