/** What every import format promises. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import type { RowInput } from '../../row-schema.ts';

/** A record becomes a row, is none of our business (an embedding, a span), or is not readable. */
export type Mapped = { readonly row: RowInput } | { readonly skip: string } | { readonly bad: string };

/** Pure: one record in, one verdict out. Never throws. */
export interface ImportFormat {
  readonly name: string;
  /** True where a record looks like one of this format. */
  recognises(record: JsonObject): boolean;
  map(record: JsonObject): Mapped;
}

/** A value that may have been stored as a string of JSON. */
export function parsed(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== 'string' || !/^\s*[[{"]/.test(value)) return value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    return value;
  }
}

export function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  const read = parsed(value);
  return isJsonObject(read) ? read : undefined;
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] | undefined {
  const read = parsed(value);
  return Array.isArray(read) ? read : undefined;
}

/** The first of some fields that holds text. */
export function textField(record: JsonObject, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = record[name];
    if (typeof value === 'string' && value.trim() !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return undefined;
}

export function numberField(record: JsonObject, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = record[name];
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
  }
  return undefined;
}

/** The row with what a log knows of its whereabouts; the row's own fields win. */
export function withOrigin(
  mapped: Mapped,
  {
    conversation,
    session,
  }: { readonly conversation: string | undefined; readonly session: string | undefined },
): Mapped {
  if (!('row' in mapped)) return mapped;
  return {
    row: { ...(conversation ? { conversation } : {}), ...(session ? { session } : {}), ...mapped.row },
  };
}
