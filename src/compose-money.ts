/** The ledger, the counterfactual and the budgets from configuration. */
import type { Kysely } from 'kysely';
import type { Config } from './config/load.ts';
import type { Ledger, LedgerEntry } from './core/ledger.ts';
import type { Clock, Logger } from './core/ports.ts';
import type { ModelSpec } from './core/routing.ts';
import { isTier } from './core/tier.ts';
import type { Decide } from './routing/decide.ts';
import type { Handle } from './routing/handle.ts';
import { createBudgetBook } from './routing/money/budget-book.ts';
import { chargeInVain, withBudgets, withDryRunLedger, withReservation } from './routing/money/budget-gate.ts';
import type { Budgets } from './routing/money/budget-rules.ts';
import {
  type Counterfactual,
  type CounterfactualChoice,
  createCounterfactual,
} from './routing/money/counterfactual.ts';
import { createLedgerEntries, type LedgerEntries } from './routing/money/ledger-entries.ts';
import { priceWarnings } from './routing/money/price-age.ts';
import { createSqlLedger } from './store/ledger.ts';
import type { Tables } from './store/schema.ts';

export interface Money {
  readonly ledger: Ledger;
  readonly entries: LedgerEntries;
  readonly counterfactual: Counterfactual;
  /** Refuses, reserves and settles by the budgets. */
  readonly budgeted: (handle: Handle) => Handle;
  /** Sets the estimate of each decision aside. */
  readonly reserving: (decide: Decide) => Decide;
  /** Charges and keeps what dry runs cost. */
  readonly metered: (decide: Decide) => Decide;
  /** Charges and keeps what the judge cost of requests that could not be decided. */
  readonly judgedInVain: ReturnType<typeof chargeInVain>;
  /** For people, at start: old and missing prices that matter. */
  readonly warnings: readonly string[];
}

export interface MoneyParts {
  readonly models: readonly ModelSpec[];
  readonly judge: ModelSpec | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of soft warnings and refusals. */
  readonly tell: (level: 'soft' | 'hard', scope: string) => void;
}

/** The model or tier that the configuration declares. */
function counterfactualChoice({ money }: Pick<Config, 'money'>): CounterfactualChoice {
  return isTier(money.counterfactual) ? { tier: money.counterfactual } : { model: money.counterfactual };
}

function budgetsOf({ budgets }: Config): Budgets {
  const { global, keys, teams } = budgets;
  return {
    global,
    keys,
    teams,
    softMaxTier: budgets.on_soft === 'cheaper' ? budgets.soft_max_tier : undefined,
  };
}

/** A row without a decision, by which nobody could be forgotten: it knows neither user nor session. */
function anonymous({ user: _, session: __, ...row }: LedgerEntry): LedgerEntry {
  return row;
}

/** Rejects where the ledger cannot be read. */
export async function composeMoney(config: Config, db: Kysely<Tables>, parts: MoneyParts): Promise<Money> {
  const { models, judge, clock, logger } = parts;
  const ledger = createSqlLedger(db);
  const entries = createLedgerEntries(models, config.judge.unknown_cost_usd);
  const unknownUsd = config.money.unknown_cost_usd;
  const append = (rows: readonly LedgerEntry[]): Promise<void> =>
    ledger.append(rows.map(anonymous)).catch((err: unknown) => {
      logger.error({ err }, 'what a request cost that is not on record could not be kept');
    });
  const book = createBudgetBook({
    budgets: budgetsOf(config),
    ledger,
    unknownUsd,
    clock,
    logger,
    tell: parts.tell,
  });
  await book.warm();
  const gate = { book, entries, unknownUsd, append };
  return {
    ledger,
    entries,
    counterfactual: createCounterfactual(models, counterfactualChoice(config)),
    budgeted: (handle) => withBudgets(handle, gate),
    reserving: (decide) => withReservation(decide, gate),
    metered: (decide) => withDryRunLedger(decide, gate),
    judgedInVain: chargeInVain(gate),
    warnings: priceWarnings({
      models,
      judge,
      now: clock.now(),
      maxAgeDays: config.money.price_max_age_days,
      judgeUnknownUsd: config.judge.unknown_cost_usd,
    }),
  };
}
