/** The sums behind the alarms. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { addDrift } from '../core/drift.ts';
import type { DriftStats, StatsWindow } from '../core/store.ts';
import { LENGTH_BOUNDS } from '../core/traffic.ts';
import { pieces } from './pieces.ts';
import type { Tables } from './schema.ts';

interface SumsRow {
  simple: number;
  moderate: number;
  complex: number;
  classified: number;
  doubtful: number;
  answered: number;
  disagreed: number;
  mean_confidence: number | null;
}

const LENGTH = sql`case ${sql.join(
  LENGTH_BOUNDS.map((power) => sql`when prompt_tokens >= ${sql.lit(power)} then ${sql.lit(String(power))}`),
  sql` `,
)} else '0' end`;

/** Decisions in which a bundle had a say; keyword rules are what is left when there is none. */
const BY_BUNDLE = sql`source in ('local', 'nano', 'fallback') and classifier <> 'rules'`;

/** The classifier's own tier: bounds may have moved the one that was chosen. */
const CLASSIFIED = sql`coalesce(classified_tier, tier)`;

async function histogram(
  db: Kysely<Tables>,
  value: RawBuilder<unknown>,
  known: RawBuilder<unknown>,
  { from, to }: StatsWindow,
): Promise<Record<string, number>> {
  const { rows } = await sql<{ bucket: string; requests: number }>`
    select ${value} as bucket, count(*) as requests from decisions
    where at >= ${from} and at < ${to} and ${BY_BUNDLE} and ${known} is not null
    group by 1`.execute(db);
  return Object.fromEntries(rows.map(({ bucket, requests }) => [bucket, Number(requests)]));
}

/** Of the decisions made within the window. Other work goes on between its pieces. */
export async function driftOf(db: Kysely<Tables>, window: StatsWindow): Promise<DriftStats> {
  const parts: DriftStats[] = [];
  for await (const piece of pieces(db, 'decisions', window)) parts.push(await pieceDrift(db, piece));
  return addDrift(parts);
}

async function pieceDrift(db: Kysely<Tables>, window: StatsWindow): Promise<DriftStats> {
  const { rows } = await sql<SumsRow>`
    select count(case when source = 'local' and ${CLASSIFIED} = 'simple' then 1 end) as simple,
      count(case when source = 'local' and ${CLASSIFIED} = 'moderate' then 1 end) as moderate,
      count(case when source = 'local' and ${CLASSIFIED} = 'complex' then 1 end) as complex,
      count(*) as classified,
      count(case when source <> 'local' then 1 end) as doubtful,
      count(judge_tier) as answered,
      count(case when judge_tier <> classified_tier then 1 end) as disagreed,
      avg(case when judge_tier is not null then confidence end) as mean_confidence
    from decisions where at >= ${window.from} and at < ${window.to} and ${BY_BUNDLE}`.execute(db);
  const [sums] = rows;
  const count = (value: number | undefined): number => Number(value ?? 0);
  return {
    local: {
      simple: count(sums?.simple),
      moderate: count(sums?.moderate),
      complex: count(sums?.complex),
    },
    classified: count(sums?.classified),
    doubtful: count(sums?.doubtful),
    lengths: await histogram(db, LENGTH, sql`prompt_tokens`, window),
    facts: await histogram(db, sql`facts`, sql`facts`, window),
    tokens: await histogram(db, sql`token_bucket`, sql`token_bucket`, window),
    judge: {
      answered: count(sums?.answered),
      disagreed: count(sums?.disagreed),
      meanConfidence: sums?.mean_confidence ?? null,
    },
  };
}
