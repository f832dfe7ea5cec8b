import type { RowInput } from '../../../src/training/row-schema.ts';

/** Rows as the text of a data file. */
export function lines(...rows: readonly (RowInput | Record<string, unknown>)[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
