/** The ledger on any SQL database the query builder speaks. */
import { type Kysely, sql } from 'kysely';
import type { Ledger, LedgerEntry, Savings } from '../core/ledger.ts';
import { createSavingsTally } from '../core/savings.ts';
import type { StatsWindow } from '../core/store.ts';
import { entryOf } from './ledger-rows.ts';
import { groupSums, REQUESTS, spentBy, totalSums } from './ledger-sums.ts';
import { writeLedger } from './ledger-write.ts';
import { pieces } from './pieces.ts';
import type { Tables } from './schema.ts';

async function* entriesOf(db: Kysely<Tables>, window: StatsWindow): AsyncGenerator<LedgerEntry> {
  for await (const { from, to } of pieces(db, 'ledger', window)) {
    const rows = await db
      .selectFrom('ledger')
      .selectAll()
      .where('at', '>=', from)
      .where('at', '<', to)
      .orderBy('at')
      .orderBy('request')
      .orderBy('seq')
      .execute();
    yield* rows.map(entryOf);
  }
}

interface RequestRow {
  readonly at: number;
  readonly unknown: number;
  readonly cost: number;
  readonly counterfactual: number;
  readonly model: string | null;
}

async function savingsOf(db: Kysely<Tables>, window: StatsWindow): Promise<Savings> {
  const tally = createSavingsTally();
  for await (const piece of pieces(db, 'ledger', window)) {
    const { rows } = await sql<RequestRow>`${REQUESTS(piece)} order by first`.execute(db);
    for (const { at, unknown, cost, counterfactual, model } of rows) {
      const known = Number(unknown) === 0;
      tally.add({
        at: Number(at),
        cost: known ? Number(cost) : null,
        counterfactual: known ? Number(counterfactual) : null,
        model,
      });
    }
  }
  return tally.savings();
}

/** A Ledger over an open, migrated database, which it does not close. */
export function createSqlLedger(db: Kysely<Tables>): Ledger {
  return {
    append: (entries) => writeLedger(db, entries),
    entries: (window) => entriesOf(db, window),
    groups: (window, by) => groupSums(db, window, by),
    total: (window) => totalSums(db, window),
    savings: (window) => savingsOf(db, window),
    spent: (window, owner, unknownUsd) => spentBy(db, window, { owner, unknownUsd }),
  };
}
