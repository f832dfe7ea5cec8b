/** The store on any SQL database the query builder speaks; the adapters beside it only open a connection. */
import { type Kysely, sql } from 'kysely';
import type { Outcome } from '../core/routing.ts';
import type { Store, StoredDecision } from '../core/store.ts';
import { classifierStatsOf, recordShadow } from './classifiers.ts';
import { driftOf } from './drift.ts';
import { createFeedbackWriter } from './feedback.ts';
import { forget } from './forget.ts';
import { labelledDecisions, liveFeedback, storedDecisions } from './reading.ts';
import { recordDecision, recordOutcome } from './recording.ts';
import { decisionOf } from './rows.ts';
import type { Tables } from './schema.ts';
import { statsOf } from './stats.ts';

async function getDecision(db: Kysely<Tables>, id: string): Promise<StoredDecision | undefined> {
  const row = await db
    .selectFrom('decisions as d')
    .leftJoin('outcomes as o', 'o.decision_id', 'd.id')
    .select(['d.text', 'd.document', 'o.document as outcome'])
    .where('d.id', '=', id)
    .executeTakeFirst();
  if (!row) return undefined;
  const feedback = (await liveFeedback(db, [id])).get(id) ?? [];
  const outcome = row.outcome === null ? {} : { outcome: JSON.parse(row.outcome) as Outcome };
  return { decision: decisionOf(row), ...outcome, feedback };
}

async function judgeSpend(db: Kysely<Tables>, since: number, unknownUsd: number): Promise<number> {
  const row = await db
    .selectFrom('decisions')
    .select(sql<number | null>`sum(coalesce(judge_cost_usd, ${unknownUsd}))`.as('spent'))
    .where('at', '>=', since)
    .where('judge_asked', '=', 1)
    .executeTakeFirst();
  return Number(row?.spent ?? 0);
}

/** A Store over an open, migrated database. */
export function createSqlStore(db: Kysely<Tables>): Store {
  let closing: Promise<void> | undefined;
  return {
    ...createFeedbackWriter(db),
    recordDecision: (decision, entries) => recordDecision(db, decision, entries),
    recordOutcome: (outcome, entries) => recordOutcome(db, outcome, entries),
    recordShadow: (id, shadow) => recordShadow(db, id, shadow),
    getDecision: (id) => getDecision(db, id),
    stats: (window, apiKey) => statsOf(db, window, apiKey),
    classifierStats: (window, classifier) => classifierStatsOf(db, window, classifier),
    decisions: (window) => storedDecisions(db, window),
    drift: (window) => driftOf(db, window),
    forget: (selector) => forget(db, selector),
    labelled: (window) => labelledDecisions(db, window),
    judgeSpend: (since, unknownUsd = 0) => judgeSpend(db, since, unknownUsd),
    async ping() {
      await sql`select count(*) from decisions where id = ''`.execute(db);
    },
    close() {
      closing ??= db.destroy();
      return closing;
    },
  };
}
