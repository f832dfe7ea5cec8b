/** The store on any SQL database the query builder speaks; the adapters beside it only open a connection. */
import { type Kysely, sql } from 'kysely';
import type { LabelledDecision, StatsWindow, Store, StoredDecision } from '../core/ports.ts';
import type { Feedback, Outcome } from '../core/routing.ts';
import { createFeedbackWriter } from './feedback.ts';
import { decisionOf, decisionRow, feedbackOf, outcomeRow } from './rows.ts';
import type { Tables } from './schema.ts';
import { statsOf } from './stats.ts';

/** Rows read at once while streaming. */
const PAGE = 500;

async function liveFeedback(db: Kysely<Tables>, ids: readonly string[]): Promise<Map<string, Feedback[]>> {
  const byDecision = new Map<string, Feedback[]>();
  if (ids.length === 0) return byDecision;
  const rows = await db
    .selectFrom('feedback')
    .selectAll()
    .where('decision_id', 'in', ids)
    .where('ended_at', 'is', null)
    .orderBy('seq')
    .execute();
  for (const row of rows) {
    byDecision.set(row.decision_id, [...(byDecision.get(row.decision_id) ?? []), feedbackOf(row)]);
  }
  return byDecision;
}

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

async function labelledPage(db: Kysely<Tables>, window: StatsWindow, after: { at: number; id: string }) {
  return db
    .selectFrom('decisions as d')
    .leftJoin('outcomes as o', 'o.decision_id', 'd.id')
    .select(['d.id', 'd.at', 'd.text', 'd.document', 'o.document as outcome'])
    .where('d.at', '<', window.to)
    .where((eb) =>
      eb.or([eb('d.at', '>', after.at), eb.and([eb('d.at', '=', after.at), eb('d.id', '>', after.id)])]),
    )
    .where((eb) =>
      eb.or([
        eb('o.rejected', '=', 1),
        eb('d.source', '=', 'nano'),
        eb.exists(
          eb
            .selectFrom('feedback as f')
            .select('f.seq')
            .whereRef('f.decision_id', '=', 'd.id')
            .where('f.ended_at', 'is', null),
        ),
      ]),
    )
    .orderBy('d.at')
    .orderBy('d.id')
    .limit(PAGE)
    .execute();
}

async function* labelled(db: Kysely<Tables>, window: StatsWindow): AsyncGenerator<LabelledDecision> {
  let after = { at: window.from - 1, id: '\uffff' };
  for (;;) {
    const page = await labelledPage(db, window, after);
    const feedback = await liveFeedback(
      db,
      page.map((row) => row.id),
    );
    for (const row of page) {
      const decision = decisionOf(row);
      const outcome = row.outcome === null ? undefined : (JSON.parse(row.outcome) as Outcome);
      yield {
        decisionId: row.id,
        at: Number(row.at),
        text: row.text,
        featureVersion: decision.featureVersion,
        ...(decision.session === undefined ? {} : { session: decision.session }),
        ...(decision.apiKey === undefined ? {} : { apiKey: decision.apiKey }),
        ...(outcome?.tier === undefined ? {} : { answeredBy: outcome.tier }),
        ...(decision.judge?.tier === undefined ? {} : { judge: decision.judge.tier }),
        attempts: outcome?.attempts ?? [],
        feedback: feedback.get(row.id) ?? [],
      };
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = { at: Number(last.at), id: last.id };
  }
}

async function judgeSpend(db: Kysely<Tables>, since: number): Promise<number> {
  const row = await db
    .selectFrom('decisions')
    .select((eb) => eb.fn.sum<number | null>('judge_cost_usd').as('spent'))
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
    async recordDecision(decision) {
      await db.insertInto('decisions').values(decisionRow(decision)).execute();
    },
    async recordOutcome(outcome) {
      await db
        .insertInto('outcomes')
        .values(outcomeRow(outcome))
        .onConflict((conflict) => conflict.column('decision_id').doNothing())
        .execute();
    },
    getDecision: (id) => getDecision(db, id),
    stats: (window) => statsOf(db, window),
    labelled: (window) => labelled(db, window),
    judgeSpend: (since) => judgeSpend(db, since),
    async ping() {
      await sql`select count(*) from decisions where id = ''`.execute(db);
    },
    close() {
      closing ??= db.destroy();
      return closing;
    },
  };
}
