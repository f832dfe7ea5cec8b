/** Pure mappings between ledger entries and their table. */
import type { Insertable, Selectable } from 'kysely';
import type { LedgerEntry, LedgerKind } from '../core/ledger.ts';
import type { AttemptStatus, DecisionSource, Price } from '../core/routing.ts';
import { isTier, type Tier } from '../core/tier.ts';
import type { LedgerTable } from './schema.ts';

const PICOS_PER_USD = 1e12;

/** Whole picodollars, of which sums are exact. */
export function toPicos(usd: number): number;
export function toPicos(usd: number | null): number | null;
export function toPicos(usd: number | null): number | null {
  return usd === null ? null : Math.round(usd * PICOS_PER_USD);
}

/** USD of a sum of picodollars, which SQL gives as text. */
export function usdOf(picos: bigint): number {
  return Number(picos) / PICOS_PER_USD;
}

const flag = (value: boolean): number => (value ? 1 : 0);

export function ledgerRow(entry: LedgerEntry): Insertable<LedgerTable> {
  const { usage, price, counterfactual } = entry;
  return {
    request: entry.request,
    kind: entry.kind,
    position: entry.index,
    at: entry.at,
    api_key: entry.key ?? null,
    key_name: entry.keyName ?? null,
    team: entry.team ?? null,
    end_user: entry.user ?? null,
    session: entry.session ?? null,
    route: entry.route ?? null,
    validator: entry.validator ?? null,
    requested_model: entry.requestedModel,
    requested_tier: entry.requestedTier ?? null,
    decided_tier: entry.decidedTier,
    source: entry.source,
    model: entry.model,
    provider: entry.provider,
    tier: entry.tier,
    status: entry.status,
    input_tokens: usage?.inputTokens ?? null,
    output_tokens: usage?.outputTokens ?? null,
    cached_input_tokens: usage?.cachedInputTokens ?? null,
    cache_write_tokens: usage?.cacheWriteTokens ?? null,
    cache_write_1h_tokens: usage?.cacheWrite1hTokens ?? null,
    reasoning_tokens: usage?.reasoningTokens ?? null,
    price: price ? JSON.stringify(price) : null,
    price_as_of: price?.asOf ?? null,
    cost_picos: toPicos(entry.costUsd),
    estimate_picos: toPicos(entry.estimateUsd),
    compared: flag(counterfactual !== undefined),
    counterfactual_model: counterfactual?.model ?? null,
    counterfactual_picos: toPicos(counterfactual?.costUsd ?? null),
    batch_eligible: flag(entry.batchEligible),
  };
}

/** Fields that are there or not. */
function optional(row: Selectable<LedgerTable>): Partial<LedgerEntry> {
  return {
    ...(row.api_key === null ? {} : { key: row.api_key }),
    ...(row.key_name === null ? {} : { keyName: row.key_name }),
    ...(row.team === null ? {} : { team: row.team }),
    ...(row.end_user === null ? {} : { user: row.end_user }),
    ...(row.session === null ? {} : { session: row.session }),
    ...(row.route === null ? {} : { route: row.route }),
    ...(row.validator === null ? {} : { validator: row.validator }),
    ...(isTier(row.requested_tier) ? { requestedTier: row.requested_tier } : {}),
  };
}

function usageOf(row: Selectable<LedgerTable>): LedgerEntry['usage'] {
  if (row.input_tokens === null) return null;
  return {
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens ?? 0),
    cachedInputTokens: Number(row.cached_input_tokens ?? 0),
    cacheWriteTokens: Number(row.cache_write_tokens ?? 0),
    ...(row.cache_write_1h_tokens === null ? {} : { cacheWrite1hTokens: Number(row.cache_write_1h_tokens) }),
    reasoningTokens: Number(row.reasoning_tokens ?? 0),
  };
}

export function entryOf(row: Selectable<LedgerTable>): LedgerEntry {
  const usd = (picos: number | null): number | null => (picos === null ? null : usdOf(BigInt(picos)));
  return {
    request: row.request,
    index: row.position,
    kind: row.kind as LedgerKind,
    at: Number(row.at),
    ...optional(row),
    requestedModel: row.requested_model,
    decidedTier: row.decided_tier as Tier,
    source: row.source as DecisionSource,
    model: row.model,
    provider: row.provider,
    tier: row.tier as Tier,
    status: row.status as AttemptStatus,
    usage: usageOf(row),
    price: row.price === null ? null : (JSON.parse(row.price) as Price),
    costUsd: usd(row.cost_picos),
    estimateUsd: usd(row.estimate_picos),
    ...(row.compared === 1
      ? { counterfactual: { model: row.counterfactual_model, costUsd: usd(row.counterfactual_picos) } }
      : {}),
    batchEligible: row.batch_eligible === 1,
  };
}
