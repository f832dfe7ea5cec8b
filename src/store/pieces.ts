/** Cutting a window into pieces that are read in milliseconds, other work going on between them. */
import { setImmediate } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { StatsWindow } from '../core/store.ts';
import type { Tables } from './schema.ts';

/** Rows of a piece, unless more of them share one millisecond. */
export const PIECE_ROWS = 1_000;

/** When the first row from `from` on was made; undefined where there is none before `to`. */
async function nextAt(
  db: Kysely<Tables>,
  table: 'decisions' | 'ledger',
  { from, to }: StatsWindow,
  skip: number,
): Promise<number | undefined> {
  const row = await db
    .selectFrom(table)
    .select('at')
    .where('at', '>=', from)
    .where('at', '<', to)
    .orderBy('at')
    .limit(1)
    .offset(skip)
    .executeTakeFirst();
  return row && Number(row.at);
}

/** The window in pieces of some thousand rows by their `at`, in order, without those that hold nothing. */
export async function* pieces(
  db: Kysely<Tables>,
  table: 'decisions' | 'ledger',
  window: StatsWindow,
): AsyncGenerator<StatsWindow> {
  let from = await nextAt(db, table, window, 0);
  while (from !== undefined) {
    await setImmediate();
    const end = await nextAt(db, table, { from, to: window.to }, PIECE_ROWS);
    const to = end === undefined ? window.to : Math.max(end, from + 1);
    yield { from, to };
    from = end === undefined ? undefined : await nextAt(db, table, { from: to, to: window.to }, 0);
  }
}
