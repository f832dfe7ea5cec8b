/** Writing decisions and outcomes, each with its rows of the ledger in one transaction. */
import { type Kysely, sql } from 'kysely';
import type { LedgerEntry } from '../core/ledger.ts';
import type { Decision, Outcome } from '../core/routing.ts';
import { anonymise, writeLedger } from './ledger-write.ts';
import { decisionRow, outcomeRow } from './rows.ts';
import type { Tables } from './schema.ts';

export async function recordDecision(
  db: Kysely<Tables>,
  decision: Decision,
  entries: readonly LedgerEntry[] = [],
): Promise<void> {
  const write = (into: Kysely<Tables>) =>
    into.insertInto('decisions').values(decisionRow(decision)).execute();
  if (entries.length === 0) {
    await write(db);
    return;
  }
  await db.transaction().execute(async (trx) => {
    await write(trx);
    await writeLedger(trx, entries);
  });
}

function insertOutcome(db: Kysely<Tables>, outcome: Outcome): Promise<unknown> {
  return db
    .insertInto('outcomes')
    .values(outcomeRow(outcome))
    .onConflict((conflict) => conflict.column('decision_id').doNothing())
    .execute();
}

/** Each transaction begins with a write, so that it waits for other processes instead of failing beside them. */
export async function recordOutcome(
  db: Kysely<Tables>,
  outcome: Outcome,
  entries: readonly LedgerEntry[] = [],
): Promise<void> {
  if (entries.length === 0) {
    await insertOutcome(db, outcome);
    return;
  }
  const { decisionId } = outcome;
  const kept = await db.transaction().execute(async (trx) => {
    await writeLedger(trx, entries);
    const { rows } = await sql`select id from decisions where id = ${decisionId}`.execute(trx);
    if (rows.length === 0) await anonymise(trx, [decisionId]);
    else await insertOutcome(trx, outcome);
    return rows.length > 0;
  });
  if (!kept) throw new Error('the decision of an outcome is not on record');
}
