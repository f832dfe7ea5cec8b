/** Aggregates over a time window, read in pieces; percentiles by nearest rank over all of them. */
import { setImmediate } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { createSavingsTally } from '../core/savings.ts';
import type { Stats, StatsWindow } from '../core/store.ts';
import { perTier } from '../core/tier.ts';
import { toPicos } from './ledger-rows.ts';
import { pieces } from './pieces.ts';
import type { Tables } from './schema.ts';
import { createStatsTally, type RequestRow, type StatsTally, type VoteRow } from './stats-tally.ts';

async function requestsOf(
  db: Kysely<Tables>,
  { from, to }: StatsWindow,
  apiKey: string | undefined,
): Promise<RequestRow[]> {
  return db
    .selectFrom('decisions as d')
    .leftJoin('outcomes as o', 'o.decision_id', 'd.id')
    .select(['d.at', 'd.tier', 'd.source', 'd.decision_ms'])
    .select(['o.status', 'o.model', 'o.escalated', 'o.latency_ms'])
    .select(['o.input_tokens', 'o.output_tokens', 'o.cached_input_tokens', 'o.reasoning_tokens'])
    .select(['o.cost_usd', 'o.baseline_cost_usd', 'o.baseline_model'])
    .where('d.at', '>=', from)
    .where('d.at', '<', to)
    .$if(apiKey !== undefined, (query) => query.where('d.api_key', '=', apiKey ?? ''))
    .orderBy('d.at')
    .orderBy('d.id')
    .execute();
}

async function votesOf(
  db: Kysely<Tables>,
  { from, to }: StatsWindow,
  apiKey: string | undefined,
): Promise<VoteRow[]> {
  return db
    .selectFrom('decisions as d')
    .innerJoin('feedback as f', 'f.decision_id', 'd.id')
    .leftJoin('outcomes as o', 'o.decision_id', 'd.id')
    .select(['d.tier as decided', 'o.model', 'f.rating', 'f.score', 'f.tier', 'f.comment'])
    .where('d.at', '>=', from)
    .where('d.at', '<', to)
    .where('f.ended_at', 'is', null)
    .$if(apiKey !== undefined, (query) => query.where('d.api_key', '=', apiKey ?? ''))
    .execute();
}

/** One tally a name, made when it is first asked for. */
function createTallies(): { of(name: string): StatsTally; readonly all: ReadonlyMap<string, StatsTally> } {
  const all = new Map<string, StatsTally>();
  return {
    all,
    of(name) {
      const tally = all.get(name) ?? createStatsTally();
      all.set(name, tally);
      return tally;
    },
  };
}

/** Statistics of the decisions made within the window, of one key where it is named. Other work goes on between the pieces. */
export async function statsOf(db: Kysely<Tables>, window: StatsWindow, apiKey?: string): Promise<Stats> {
  const total = createStatsTally();
  const tiers = perTier(createStatsTally);
  const models = createTallies();
  const sources = new Map<string, number>();
  const savings = createSavingsTally();
  const talliesOf = (tier: string, model: string | null): StatsTally[] => [
    total,
    ...(tier in tiers ? [tiers[tier as keyof typeof tiers]] : []),
    ...(model === null ? [] : [models.of(model)]),
  ];
  for await (const piece of pieces(db, 'decisions', window)) {
    for (const row of await requestsOf(db, piece, apiKey)) {
      for (const tally of talliesOf(row.tier, row.model)) tally.request(row);
      sources.set(row.source, (sources.get(row.source) ?? 0) + 1);
      if (row.status === null) continue;
      savings.add({
        at: Number(row.at),
        cost: toPicos(row.cost_usd),
        counterfactual: toPicos(row.baseline_cost_usd),
        model: row.baseline_model,
      });
    }
    for (const row of await votesOf(db, piece, apiKey)) {
      for (const tally of talliesOf(row.decided, row.model)) tally.vote(row);
    }
  }
  const byModel: [string, Stats['total']][] = [];
  for (const [model, tally] of [...models.all].sort(([a], [b]) => (a < b ? -1 : 1))) {
    await setImmediate();
    byModel.push([model, tally.row()]);
  }
  return {
    window,
    total: total.row(),
    byTier: perTier((tier) => tiers[tier].row()),
    byModel: Object.fromEntries(byModel),
    bySource: Object.fromEntries([...sources].sort(([a], [b]) => (a < b ? -1 : 1))),
    savings: savings.savings(),
  };
}
