/** Aggregates over a time window. One pass per grouping; percentiles by nearest rank. */
import { type Kysely, sql } from 'kysely';
import type { Stats, StatsRow, StatsWindow } from '../core/store.ts';
import { perTier } from '../core/tier.ts';
import type { Tables } from './schema.ts';

/** The column that splits the window; `all` keeps it whole. */
const GROUPS = {
  all: sql<string>`''`,
  tier: sql<string>`d.tier`,
  model: sql<string>`coalesce(o.model, '')`,
} as const;
type Group = keyof typeof GROUPS;

interface SumsRow {
  grp: string;
  requests: number;
  ok: number;
  failed: number;
  cancelled: number;
  escalated: number;
  input_tokens: number;
  output_tokens: number;
  cached_input_tokens: number;
  reasoning_tokens: number;
  cost_usd: number;
  unknown_cost: number;
}

async function sums(db: Kysely<Tables>, group: Group, window: StatsWindow): Promise<SumsRow[]> {
  const { rows } = await sql<SumsRow>`
    select ${GROUPS[group]} as grp,
      count(*) as requests,
      count(case when o.status = 'ok' then 1 end) as ok,
      count(case when o.status = 'failed' then 1 end) as failed,
      count(case when o.status = 'cancelled' then 1 end) as cancelled,
      coalesce(sum(o.escalated), 0) as escalated,
      coalesce(sum(o.input_tokens), 0) as input_tokens,
      coalesce(sum(o.output_tokens), 0) as output_tokens,
      coalesce(sum(o.cached_input_tokens), 0) as cached_input_tokens,
      coalesce(sum(o.reasoning_tokens), 0) as reasoning_tokens,
      coalesce(sum(o.cost_usd), 0) as cost_usd,
      count(case when o.decision_id is not null and o.cost_usd is null then 1 end) as unknown_cost
    from decisions d left join outcomes o on o.decision_id = d.id
    where d.at >= ${window.from} and d.at < ${window.to}
    group by 1`.execute(db);
  return rows;
}

const MEASURES = { latency: sql`o.latency_ms`, decision: sql`d.decision_ms` } as const;

interface PercentileRow {
  grp: string;
  p50: number | null;
  p99: number | null;
}

async function percentiles(
  db: Kysely<Tables>,
  group: Group,
  measure: keyof typeof MEASURES,
  window: StatsWindow,
): Promise<Map<string, { p50: number | null; p99: number | null }>> {
  const { rows } = await sql<PercentileRow>`
    select grp,
      max(case when position = (50 * total + 99) / 100 then value end) as p50,
      max(case when position = (99 * total + 99) / 100 then value end) as p99
    from (
      select ${GROUPS[group]} as grp, ${MEASURES[measure]} as value,
        row_number() over (partition by ${GROUPS[group]} order by ${MEASURES[measure]}) as position,
        count(*) over (partition by ${GROUPS[group]}) as total
      from decisions d left join outcomes o on o.decision_id = d.id
      where d.at >= ${window.from} and d.at < ${window.to} and ${MEASURES[measure]} is not null
    ) as ranked
    group by grp`.execute(db);
  return new Map(rows.map(({ grp, p50, p99 }) => [grp, { p50, p99 }]));
}

interface FeedbackSums {
  grp: string;
  up: number;
  down: number;
  scores: number;
  mean_score: number | null;
  corrections: number;
  comments: number;
}

async function feedbackSums(
  db: Kysely<Tables>,
  group: Group,
  window: StatsWindow,
): Promise<Map<string, FeedbackSums>> {
  const { rows } = await sql<FeedbackSums>`
    select ${GROUPS[group]} as grp,
      count(case when f.rating = 'up' then 1 end) as up,
      count(case when f.rating = 'down' then 1 end) as down,
      count(f.score) as scores,
      avg(f.score) as mean_score,
      count(f.tier) as corrections,
      count(f.comment) as comments
    from feedback f join decisions d on d.id = f.decision_id left join outcomes o on o.decision_id = d.id
    where d.at >= ${window.from} and d.at < ${window.to} and f.ended_at is null
    group by 1`.execute(db);
  return new Map(rows.map((row) => [row.grp, row]));
}

const NO_PERCENTILES = { p50: null, p99: null };
const NO_SUMS: Omit<SumsRow, 'grp'> = {
  requests: 0,
  ok: 0,
  failed: 0,
  cancelled: 0,
  escalated: 0,
  input_tokens: 0,
  output_tokens: 0,
  cached_input_tokens: 0,
  reasoning_tokens: 0,
  cost_usd: 0,
  unknown_cost: 0,
};

async function rowsOf(db: Kysely<Tables>, group: Group, window: StatsWindow): Promise<Map<string, StatsRow>> {
  const totals = await sums(db, group, window);
  const latency = await percentiles(db, group, 'latency', window);
  const decision = await percentiles(db, group, 'decision', window);
  const feedback = await feedbackSums(db, group, window);
  const row = (sum: Omit<SumsRow, 'grp'>, key: string): StatsRow => {
    const finished = Number(sum.ok) + Number(sum.failed) + Number(sum.cancelled);
    const votes = feedback.get(key);
    return {
      requests: Number(sum.requests),
      ok: Number(sum.ok),
      failed: Number(sum.failed),
      cancelled: Number(sum.cancelled),
      escalated: Number(sum.escalated),
      escalationRate: finished === 0 ? null : Number(sum.escalated) / finished,
      inputTokens: Number(sum.input_tokens),
      outputTokens: Number(sum.output_tokens),
      cachedInputTokens: Number(sum.cached_input_tokens),
      reasoningTokens: Number(sum.reasoning_tokens),
      costUsd: sum.cost_usd,
      unknownCost: Number(sum.unknown_cost),
      latencyMs: latency.get(key) ?? NO_PERCENTILES,
      decisionMs: decision.get(key) ?? NO_PERCENTILES,
      feedback: {
        up: Number(votes?.up ?? 0),
        down: Number(votes?.down ?? 0),
        scores: Number(votes?.scores ?? 0),
        meanScore: votes?.mean_score ?? null,
        corrections: Number(votes?.corrections ?? 0),
        comments: Number(votes?.comments ?? 0),
      },
    };
  };
  const rows = new Map(totals.map((sum) => [sum.grp, row(sum, sum.grp)]));
  if (!rows.has('')) rows.set('', row(NO_SUMS, ''));
  return rows;
}

async function sources(db: Kysely<Tables>, window: StatsWindow): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom('decisions')
    .select(['source', (eb) => eb.fn.countAll<number>().as('requests')])
    .where('at', '>=', window.from)
    .where('at', '<', window.to)
    .groupBy('source')
    .orderBy('source')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.source, Number(row.requests)]));
}

async function savings(db: Kysely<Tables>, window: StatsWindow): Promise<Stats['savings']> {
  const { rows } = await sql<{ requests: number; cost: number; baseline: number }>`
    select count(*) as requests, coalesce(sum(o.cost_usd), 0) as cost, coalesce(sum(o.baseline_cost_usd), 0) as baseline
    from outcomes o join decisions d on d.id = o.decision_id
    where d.at >= ${window.from} and d.at < ${window.to}
      and o.cost_usd is not null and o.baseline_cost_usd is not null`.execute(db);
  const { requests, cost, baseline } = rows[0] ?? { requests: 0, cost: 0, baseline: 0 };
  return {
    requests: Number(requests),
    costUsd: cost,
    baselineCostUsd: baseline,
    savedUsd: baseline - cost,
    savedShare: baseline === 0 ? null : (baseline - cost) / baseline,
  };
}

/** Statistics of the decisions made within the window. */
export async function statsOf(db: Kysely<Tables>, window: StatsWindow): Promise<Stats> {
  const all = await rowsOf(db, 'all', window);
  const tiers = await rowsOf(db, 'tier', window);
  const models = await rowsOf(db, 'model', window);
  const nothing = (rows: Map<string, StatsRow>, key: string): StatsRow =>
    (rows.get(key) ?? rows.get('')) as StatsRow;
  return {
    window,
    total: nothing(all, ''),
    byTier: perTier((tier) => nothing(tiers, tier)),
    byModel: Object.fromEntries([...models].filter(([model]) => model !== '')),
    bySource: await sources(db, window),
    savings: await savings(db, window),
  };
}
