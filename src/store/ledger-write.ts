/** Writing the ledger, and taking people off it. */
import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { LedgerEntry } from '../core/ledger.ts';
import { ledgerRow } from './ledger-rows.ts';
import type { Tables } from './schema.ts';

/** Adds rows; those of a request, kind and index that are there already are ignored. */
export async function writeLedger(db: Kysely<Tables>, entries: readonly LedgerEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await db
    .insertInto('ledger')
    .values(entries.map(ledgerRow))
    .onConflict((conflict) => conflict.columns(['request', 'kind', 'position']).doNothing())
    .execute();
}

/** Takes decisions, their users and sessions off the rows; the rows of each stay together under an id of chance. */
export async function anonymise(db: Kysely<Tables>, requests: readonly string[]): Promise<void> {
  for (const request of requests) {
    await db
      .updateTable('ledger')
      .set({ request: `gone_${randomUUID()}`, end_user: null, session: null })
      .where('request', '=', request)
      .execute();
  }
}
