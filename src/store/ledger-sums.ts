/** Sums over pieces of the ledger, exact to the picodollar. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { LedgerGroup, LedgerGrouping, LedgerOwner, LedgerSums } from '../core/ledger.ts';
import type { StatsWindow } from '../core/store.ts';
import { toPicos, usdOf } from './ledger-rows.ts';
import { pieces } from './pieces.ts';
import type { Tables } from './schema.ts';

export const DAY_MS = 86_400_000;

const GROUPS: Readonly<Record<LedgerGrouping | 'all', RawBuilder<string | number>>> = {
  all: sql`''`,
  tier: sql`l.decided_tier`,
  model: sql`l.model`,
  key: sql`coalesce(l.key_name, l.api_key, '')`,
  team: sql`coalesce(l.team, '')`,
  route: sql`coalesce(l.route, '')`,
  day: sql`l.at / ${sql.lit(DAY_MS)}`,
  source: sql`l.source`,
  kind: sql`l.kind`,
  validator: sql`coalesce(l.validator, '')`,
};

const COUNTS = {
  requests: sql`count(distinct case when l.kind = 'answer' then l.request end)`,
  calls: sql`count(*)`,
  failedCalls: sql`count(case when l.status = 'failed' then 1 end)`,
  inputTokens: sql`coalesce(sum(l.input_tokens), 0)`,
  outputTokens: sql`coalesce(sum(l.output_tokens), 0)`,
  cachedInputTokens: sql`coalesce(sum(l.cached_input_tokens), 0)`,
  cacheWriteTokens: sql`coalesce(sum(l.cache_write_tokens), 0)`,
  reasoningTokens: sql`coalesce(sum(l.reasoning_tokens), 0)`,
  unknownCalls: sql`count(*) - count(l.cost_picos)`,
  unpricedCalls: sql`count(case when l.cost_picos is null and l.price is null then 1 end)`,
} as const;

const AMOUNTS = {
  costUsd: sql`l.cost_picos`,
  batchEligibleUsd: sql`case when l.batch_eligible = 1 then l.cost_picos end`,
  beforeUsd: sql`case when r.unknown = 0 then l.counterfactual_picos end`,
  afterUsd: sql`case when r.unknown = 0 then l.cost_picos end`,
} as const;

type Count = keyof typeof COUNTS;
type Amount = keyof typeof AMOUNTS;
type PieceRow = { grp: string | number } & Record<Count, number> & Record<Amount, string>;
type Running = Record<Count, number> & Record<Amount, bigint>;

const COUNT_NAMES = Object.keys(COUNTS) as Count[];
const AMOUNT_NAMES = Object.keys(AMOUNTS) as Amount[];

const within = ({ from, to }: StatsWindow): RawBuilder<unknown> => sql`at >= ${from} and at < ${to}`;

/** Requests of a piece with what is unknown of each: a request has all its rows in one piece. */
export const REQUESTS = (piece: StatsWindow): RawBuilder<unknown> => sql`
  select request, min(seq) as first, min(at) as at,
    count(case when cost_picos is null or (compared = 1 and counterfactual_picos is null) then 1 end) as unknown,
    coalesce(sum(cost_picos), 0) as cost, coalesce(sum(counterfactual_picos), 0) as counterfactual,
    max(counterfactual_model) as model
  from ledger where ${within(piece)} group by request`;

async function pieceSums(
  db: Kysely<Tables>,
  by: LedgerGrouping | 'all',
  piece: StatsWindow,
): Promise<PieceRow[]> {
  const columns = [
    ...COUNT_NAMES.map((name) => sql`${COUNTS[name]} as ${sql.id(name)}`),
    ...AMOUNT_NAMES.map((name) => sql`cast(coalesce(sum(${AMOUNTS[name]}), 0) as text) as ${sql.id(name)}`),
  ];
  const { rows } = await sql<PieceRow>`
    select ${GROUPS[by]} as grp, ${sql.join(columns)}
    from ledger l join (${REQUESTS(piece)}) r on r.request = l.request
    where l.at >= ${piece.from} and l.at < ${piece.to} group by 1`.execute(db);
  return rows;
}

function emptySums(): Running {
  const counts = Object.fromEntries(COUNT_NAMES.map((name) => [name, 0])) as Record<Count, number>;
  const amounts = Object.fromEntries(AMOUNT_NAMES.map((name) => [name, 0n])) as Record<Amount, bigint>;
  return { ...counts, ...amounts };
}

function addRow(sums: Running, row: PieceRow): void {
  for (const name of COUNT_NAMES) sums[name] += Number(row[name]);
  for (const name of AMOUNT_NAMES) sums[name] += BigInt(row[name]);
}

function sumsOf(running: Running): LedgerSums {
  const usd = Object.fromEntries(AMOUNT_NAMES.map((name) => [name, usdOf(running[name])]));
  return { ...running, ...(usd as Record<Amount, number>) };
}

/** A day's number as its ISO date. */
const dayOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** By group, in the order of their names. */
export async function groupSums(
  db: Kysely<Tables>,
  window: StatsWindow,
  by: LedgerGrouping | 'all',
): Promise<readonly LedgerGroup[]> {
  const groups = new Map<string, Running>();
  for await (const piece of pieces(db, 'ledger', window)) {
    for (const row of await pieceSums(db, by, piece)) {
      const group = by === 'day' ? dayOf(Math.floor(Number(row.grp))) : String(row.grp);
      const sums = groups.get(group) ?? emptySums();
      addRow(sums, row);
      groups.set(group, sums);
    }
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, sums]) => ({ group, ...sumsOf(sums) }));
}

/** All rows together. */
export async function totalSums(db: Kysely<Tables>, window: StatsWindow): Promise<LedgerSums> {
  const [all] = await groupSums(db, window, 'all');
  if (!all) return sumsOf(emptySums());
  const { group: _, ...sums } = all;
  return sums;
}

function ownedBy(owner: LedgerOwner): RawBuilder<unknown> {
  if (owner === 'everyone') return sql`1 = 1`;
  return 'team' in owner
    ? sql`team = ${owner.team}`
    : sql`(api_key = ${owner.key} or key_name = ${owner.key})`;
}

/** See Ledger.spent. */
export async function spentBy(
  db: Kysely<Tables>,
  window: StatsWindow,
  { owner, unknownUsd }: { readonly owner: LedgerOwner; readonly unknownUsd: number },
): Promise<number> {
  let picos = 0n;
  for await (const piece of pieces(db, 'ledger', window)) {
    const { rows } = await sql<{ spent: string }>`
      select cast(coalesce(sum(coalesce(cost_picos, estimate_picos, ${sql.lit(toPicos(unknownUsd))})), 0) as text) as spent
      from ledger where ${within(piece)} and ${ownedBy(owner)}`.execute(db);
    picos += BigInt(rows[0]?.spent ?? 0);
  }
  return usdOf(picos);
}
