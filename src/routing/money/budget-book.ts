/**
 * The running sums behind the budgets. A sum is read off the ledger when it is first needed and kept in memory from
 * then on; what requests in flight are expected to cost is set aside, so that many at once cannot pass a hard limit
 * together.
 */
import { RouterError } from '../../core/errors.ts';
import type { Ledger } from '../../core/ledger.ts';
import type { Clock, Logger } from '../../core/ports.ts';
import {
  allRules,
  type BudgetHold,
  type BudgetRule,
  type Budgets,
  rulesFor,
  type Spender,
  windowOf,
} from './budget-rules.ts';

export interface BudgetBookDeps {
  readonly budgets: Budgets;
  readonly ledger: Pick<Ledger, 'spent'>;
  /** What a call counts whose cost and estimate are unknown, USD. */
  readonly unknownUsd: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of every answer past a soft limit and of every refusal. */
  readonly tell?: (level: 'soft' | 'hard', scope: string) => void;
}

export interface BudgetBook {
  /** Reads the sums of all that is configured, so that no request waits for them. Rejects where that fails. */
  warm(): Promise<void>;
  /**
   * The hold of a new request; undefined where no budget binds it. Rejects with `budget_exceeded` where a hard limit
   * is reached, and where the ledger cannot be read.
   */
  open(spender: Spender): Promise<BudgetHold | undefined>;
}

/** The sum of one owner in one window. */
interface Account {
  readonly to: number;
  spent: number;
  reserved: number;
  readonly read: Promise<void>;
  readonly told: Set<string>;
}

interface Bound {
  readonly rule: BudgetRule;
  readonly account: Account;
}

/** Sums of floating-point amounts are compared with limits that people wrote: a picodollar more is not more. */
const TOLERANCE = 1e-12;
/** When to come again where only requests in flight are in the way. */
const IN_FLIGHT_RETRY_S = 5;

const amount = (value: number): string => String(Number(value.toPrecision(4)));

/** Why a request is refused: nothing is left, too little for it, or what is left is set aside for others. */
type Shortage = 'spent' | 'too_little' | 'in_flight';

function exceeded({ rule, account }: Bound, clock: Clock, shortage: Shortage): RouterError {
  const whose = rule.scope === 'global' ? 'of the router' : `of ${rule.scope}`;
  const left = Math.max(1, Math.ceil((account.to - clock.now()) / 1_000));
  const next = `the next one begins ${new Date(account.to).toISOString()}`;
  const says: Readonly<Record<Shortage, string>> = {
    spent: `The ${rule.period}'s budget ${whose} is spent; ${next}.`,
    too_little: `What is left of the ${rule.period}'s budget ${whose} is less than this request is estimated to cost; ask for less or for a cheaper model, or wait: ${next}.`,
    in_flight: `What is left of the ${rule.period}'s budget ${whose} is set aside for requests in flight.`,
  };
  return new RouterError('budget_exceeded', says[shortage], {
    retryAfterSeconds: shortage === 'in_flight' ? Math.min(IN_FLIGHT_RETRY_S, left) : left,
  });
}

function says({ rule, account }: Bound): string {
  const share = `${amount(account.spent)} of ${amount(rule.limit.soft ?? 0)} USD`;
  return rule.scope === 'global' ? `global ${rule.period}` : `${rule.scope} ${rule.period} ${share}`;
}

const pastSoft = ({ rule, account }: Bound): boolean =>
  rule.limit.soft !== undefined && account.spent + account.reserved >= rule.limit.soft - TOLERANCE;

export function createBudgetBook(deps: BudgetBookDeps): BudgetBook {
  const { ledger, clock, logger } = deps;
  const accounts = new Map<string, Account>();

  function dropEnded(now: number): void {
    for (const [name, account] of accounts) {
      if (account.to <= now && account.reserved <= TOLERANCE) accounts.delete(name);
    }
  }

  function accountOf({ owner, period }: BudgetRule): Account {
    const now = clock.now();
    const window = windowOf(period, now);
    const name = JSON.stringify([owner, period, window.from]);
    const known = accounts.get(name);
    if (known) return known;
    dropEnded(now);
    const read = ledger.spent(window, owner, deps.unknownUsd).then(
      (sum) => {
        account.spent += sum;
      },
      (error: unknown) => {
        accounts.delete(name);
        throw error;
      },
    );
    const account: Account = { to: window.to, spent: 0, reserved: 0, read, told: new Set() };
    accounts.set(name, account);
    return account;
  }

  /** Once for each window and level. */
  function warn(level: 'soft' | 'hard', { rule, account }: Bound): void {
    deps.tell?.(level, rule.scope);
    const mark = `${level} ${rule.scope}`;
    if (account.told.has(mark)) return;
    account.told.add(mark);
    const fields = { scope: rule.scope, period: rule.period, spent_usd: account.spent, ...rule.limit };
    logger.warn(fields, `the ${level} limit of a budget is reached`);
  }

  /** Throws where a hard limit leaves no room for `more` USD, or none at all. */
  function check(bound: Bound, more: number): void {
    const { hard } = bound.rule.limit;
    if (hard === undefined) return;
    const { spent, reserved } = bound.account;
    const full = spent + reserved >= hard - TOLERANCE;
    if (!full && spent + reserved + more <= hard + TOLERANCE) return;
    warn('hard', bound);
    if (spent >= hard - TOLERANCE) throw exceeded(bound, clock, 'spent');
    throw exceeded(bound, clock, spent + more > hard + TOLERANCE ? 'too_little' : 'in_flight');
  }

  function holdOf(bounds: readonly Bound[]): BudgetHold {
    let aside = 0;
    let settled = false;
    const charged = new Set(bounds.map(({ account }) => account));
    const change = (reserved: number, spent: number): void => {
      for (const account of charged) {
        account.reserved += reserved;
        account.spent += spent;
      }
    };
    const { softMaxTier } = deps.budgets;
    return {
      ...(softMaxTier && bounds.some(pastSoft) ? { maxTier: softMaxTier } : {}),
      reserve(more) {
        if (settled) return;
        for (const bound of bounds) check(bound, more);
        aside += more;
        change(more, 0);
      },
      settle(spent) {
        if (settled) return;
        settled = true;
        change(-aside, spent);
      },
      notice() {
        const passed = bounds.filter(pastSoft);
        for (const bound of passed) warn('soft', bound);
        return passed.length === 0 ? undefined : `soft ${passed.map(says).join('; ')}`;
      },
    };
  }

  return {
    async warm() {
      for (const rule of allRules(deps.budgets)) await accountOf(rule).read;
    },
    async open(spender) {
      const rules = rulesFor(spender, deps.budgets);
      if (rules.length === 0) return undefined;
      const bounds = rules.map((rule) => ({ rule, account: accountOf(rule) }));
      await Promise.all(bounds.map(({ account }) => account.read));
      for (const bound of bounds) check(bound, 0);
      return holdOf(bounds);
    },
  };
}
