/** Streams of decisions, oldest first, in pages: writers are never blocked for longer than one page is read. */
import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Feedback, Outcome } from '../core/routing.ts';
import type { LabelledDecision, StatsWindow, StoredDecision } from '../core/store.ts';
import { decisionOf, feedbackOf } from './rows.ts';
import type { Tables } from './schema.ts';

/** Rows read at once. */
const PAGE = 500;

/** The same text again so soon after its answer (ms) says that the answer did not do. */
const RETRY_WINDOW_MS = 60_000;

/** The live feedback of some decisions, by decision, oldest first. */
export async function liveFeedback(
  db: Kysely<Tables>,
  ids: readonly string[],
): Promise<Map<string, Feedback[]>> {
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

/**
 * 1 where the client of `d` sent the same text again soon after its answer. The client is the session; without one, the
 * API key with the end user. A request that names neither has no client to recognise. What the response cache answered
 * is a program that repeats itself.
 */
const RETRIED = sql<number>`case when o.status = 'ok' and exists (
  select 1 from decisions r
  where r.text_hash = d.text_hash and r.at >= o.at and r.at < o.at + ${sql.lit(RETRY_WINDOW_MS)} and r.id <> d.id
    and r.source <> 'cache'
    and (r.session = d.session or (d.session is null and r.session is null and r.api_key = d.api_key
      and coalesce(r.end_user, '') = coalesce(d.end_user, '')))
) then 1 else 0 end`;

/** Live feedback, a judge's answer, a rejected attempt or a retry. */
const HAS_SIGNAL = sql<SqlBool>`(o.rejected = 1 or d.source = 'nano'
  or exists (select 1 from feedback f where f.decision_id = d.id and f.ended_at is null)
  or ${RETRIED} = 1)`;

interface PageRow {
  readonly id: string;
  readonly at: number;
  readonly text: string;
  readonly document: string;
  readonly outcome: string | null;
  readonly retried: number;
}

async function* pages(
  db: Kysely<Tables>,
  window: StatsWindow,
  condition: RawBuilder<SqlBool>,
  retried: RawBuilder<number>,
): AsyncGenerator<readonly PageRow[]> {
  let after = { at: window.from - 1, id: '\uffff' };
  for (;;) {
    const page: PageRow[] = await db
      .selectFrom('decisions as d')
      .leftJoin('outcomes as o', 'o.decision_id', 'd.id')
      .select(['d.id', 'd.at', 'd.text', 'd.document', 'o.document as outcome', retried.as('retried')])
      .where('d.at', '<', window.to)
      // Follows from the next condition; it is what lets the index begin where the last page ended.
      .where('d.at', '>=', after.at)
      .where((eb) =>
        eb.or([eb('d.at', '>', after.at), eb.and([eb('d.at', '=', after.at), eb('d.id', '>', after.id)])]),
      )
      .where(condition)
      .orderBy('d.at')
      .orderBy('d.id')
      .limit(PAGE)
      .execute();
    yield page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = { at: Number(last.at), id: last.id };
  }
}

const parseOutcome = (row: PageRow): Outcome | undefined =>
  row.outcome === null ? undefined : (JSON.parse(row.outcome) as Outcome);

/** Decisions of the window that carry a signal and were made for a person, not for a coding agent itself. */
export async function* labelledDecisions(
  db: Kysely<Tables>,
  window: StatsWindow,
): AsyncGenerator<LabelledDecision> {
  for await (const page of pages(db, window, HAS_SIGNAL, RETRIED)) {
    const feedback = await liveFeedback(
      db,
      page.map(({ id }) => id),
    );
    for (const row of page) {
      const decision = decisionOf(row);
      if (decision.agentCall !== undefined) continue;
      const outcome = parseOutcome(row);
      yield {
        decisionId: row.id,
        at: Number(row.at),
        text: row.text,
        inputTokens: decision.inputTokens,
        featureVersion: decision.featureVersion,
        ...(decision.session === undefined ? {} : { session: decision.session }),
        ...(decision.apiKey === undefined ? {} : { apiKey: decision.apiKey }),
        ...(outcome?.tier === undefined ? {} : { answeredBy: outcome.tier }),
        ...(decision.judge?.tier === undefined ? {} : { judge: decision.judge.tier }),
        ...(Number(row.retried) === 1 ? { retried: true } : {}),
        attempts: outcome?.attempts ?? [],
        feedback: feedback.get(row.id) ?? [],
      };
    }
  }
}

/** All decisions of the window with what followed. */
export async function* storedDecisions(
  db: Kysely<Tables>,
  window: StatsWindow,
): AsyncGenerator<StoredDecision> {
  for await (const page of pages(db, window, sql<SqlBool>`1 = 1`, sql<number>`0`)) {
    const feedback = await liveFeedback(
      db,
      page.map(({ id }) => id),
    );
    for (const row of page) {
      const outcome = parseOutcome(row);
      yield {
        decision: decisionOf(row),
        ...(outcome ? { outcome } : {}),
        feedback: feedback.get(row.id) ?? [],
      };
    }
  }
}
