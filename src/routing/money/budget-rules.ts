/** What may be spent by whom: the vocabulary of budgets, and the windows they are counted in. */
import type { LedgerOwner } from '../../core/ledger.ts';
import type { Tier } from '../../core/tier.ts';

/** USD; absent: no limit. */
export interface BudgetLimit {
  readonly soft?: number | undefined;
  readonly hard?: number | undefined;
}

const BUDGET_PERIODS = ['day', 'month'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/** Limits by period: a UTC day, a calendar month of UTC. */
export type SpendingLimits = { readonly [Period in BudgetPeriod]?: BudgetLimit | undefined };

export interface Budgets {
  readonly global?: SpendingLimits | undefined;
  /** By the name of an API key, or its label. */
  readonly keys: Readonly<Record<string, SpendingLimits>>;
  readonly teams: Readonly<Record<string, SpendingLimits>>;
  /** The highest tier of routed requests past a soft limit; absent: soft limits only warn. */
  readonly softMaxTier?: Tier | undefined;
}

/** One limit of one owner. */
export interface BudgetRule {
  /** `global`, `key batch`, `team search`. */
  readonly scope: string;
  readonly owner: LedgerOwner;
  readonly period: BudgetPeriod;
  readonly limit: BudgetLimit;
}

/** Who a request is charged to. */
export interface Spender {
  readonly label?: string | undefined;
  readonly name?: string | undefined;
  readonly team?: string | undefined;
  /** What the key itself says that it may spend. */
  readonly own?: SpendingLimits | undefined;
}

/** One request's share of the budgets that bind it. */
export interface BudgetHold {
  /** Set where a soft limit caps the tier. */
  readonly maxTier?: Tier;
  /** Sets USD aside until `settle`. Throws `budget_exceeded` where a hard limit leaves no room for it. */
  reserve(usd: number): void;
  /** Replaces what was set aside by what was spent. Only the first call counts. */
  settle(usd: number): void;
  /** The soft limits that are passed, in words; undefined where none is. */
  notice(): string | undefined;
}

const DAY_MS = 86_400_000;

/** The window of the period that holds `now`, Unix milliseconds. */
export function windowOf(period: BudgetPeriod, now: number): { readonly from: number; readonly to: number } {
  if (period === 'day') {
    const from = Math.floor(now / DAY_MS) * DAY_MS;
    return { from, to: from + DAY_MS };
  }
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { from: Date.UTC(year, month, 1), to: Date.UTC(year, month + 1, 1) };
}

function rulesOf(scope: string, owner: LedgerOwner, limits: SpendingLimits | undefined): BudgetRule[] {
  return BUDGET_PERIODS.flatMap((period) => {
    const limit = limits?.[period];
    return limit ? [{ scope, owner, period, limit }] : [];
  });
}

/** Every rule that is configured. */
export function allRules({ global, keys, teams }: Budgets): readonly BudgetRule[] {
  return [
    ...rulesOf('global', 'everyone', global),
    ...Object.entries(teams).flatMap(([team, limits]) => rulesOf(`team ${team}`, { team }, limits)),
    ...Object.entries(keys).flatMap(([key, limits]) => rulesOf(`key ${key}`, { key }, limits)),
  ];
}

/** The rules that bind a spender. A key named in several ways is bound by all of them. */
export function rulesFor({ label, name, team, own }: Spender, budgets: Budgets): readonly BudgetRule[] {
  const named = [...new Set([name, label])].flatMap((key) =>
    key === undefined || !Object.hasOwn(budgets.keys, key)
      ? []
      : rulesOf(`key ${key}`, { key }, budgets.keys[key]),
  );
  const shared =
    team === undefined || !Object.hasOwn(budgets.teams, team)
      ? []
      : rulesOf(`team ${team}`, { team }, budgets.teams[team]);
  const itself = label === undefined ? [] : rulesOf(`key ${name ?? label}`, { key: label }, own);
  return [...rulesOf('global', 'everyone', budgets.global), ...shared, ...named, ...itself];
}
