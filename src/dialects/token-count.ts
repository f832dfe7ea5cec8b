import type { JsonValue } from '../core/json.ts';

/** A token count as an upstream reports it; what is not a count is 0. */
export function tokenCount(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}
