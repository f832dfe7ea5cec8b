/** Budgets around the use case: the gate at the door, the estimate set aside once the plan is known, the settlement. */
import type { Caller } from '../../core/access.ts';
import type { LedgerEntry } from '../../core/ledger.ts';
import type { Decision, Outcome } from '../../core/routing.ts';
import { keyLabel, type RequestContext } from '../context.ts';
import type { Decide } from '../decide.ts';
import type { Handle } from '../handle.ts';
import type { BudgetBook } from './budget-book.ts';
import type { BudgetHold, Spender, SpendingLimits } from './budget-rules.ts';
import { sumCosts } from './cost.ts';
import type { JudgedRequest, LedgerEntries } from './ledger-entries.ts';

export interface BudgetGateDeps {
  readonly book: BudgetBook;
  readonly entries: LedgerEntries;
  /** What a call counts whose cost and estimate are unknown, USD. */
  readonly unknownUsd: number;
  /** Keeps rows of requests that are not recorded. Never rejects. */
  readonly append: (entries: readonly LedgerEntry[]) => Promise<void>;
}

function ownBudget({ budget }: Caller): SpendingLimits | undefined {
  if (!budget) return undefined;
  return { day: { hard: budget.dayUsd }, month: { hard: budget.monthUsd } };
}

function spenderOf(context: RequestContext): Spender {
  const { caller } = context;
  if (!caller) return { label: keyLabel(context) };
  return { label: caller.key, name: caller.name, team: caller.team, own: ownBudget(caller) };
}

/** What rows count against budgets: their cost, else their estimate, else `unknownUsd` each. */
function chargeOf(entries: readonly LedgerEntry[], unknownUsd: number): number {
  return sumCosts(entries.map(({ costUsd, estimateUsd }) => costUsd ?? estimateUsd ?? unknownUsd)) ?? 0;
}

/**
 * Refuses a request with `budget_exceeded` before anybody is asked anything where a hard limit is reached, and settles
 * what it cost when its outcome is known. `Handled.budget` says which soft limits are passed.
 */
export function withBudgets(handle: Handle, { book, entries, unknownUsd }: BudgetGateDeps): Handle {
  return async (request, context) => {
    const hold = await book.open(spenderOf(context));
    if (!hold) return handle(request, context);
    const settle = (outcome: Outcome, decision: Decision): void => {
      const rows = [
        ...entries.ofDecision(decision, context),
        ...entries.ofOutcome(outcome, decision, context),
      ];
      hold.settle(chargeOf(rows, unknownUsd));
    };
    try {
      const handled = await handle(request, { ...context, budget: hold });
      const { decision, result } = handled;
      if (result.kind === 'stream') void result.outcome.then((outcome) => settle(outcome, decision));
      else settle(result.outcome, decision);
      const notice = hold.notice();
      return notice === undefined ? handled : { ...handled, budget: notice };
    } catch (error) {
      hold.settle(0);
      throw error;
    }
  };
}

/** What the first choice of a plan and the judge that was asked are expected to cost. */
function expectedCost(decision: Decision, judged: readonly LedgerEntry[], unknownUsd: number): number {
  const first = decision.plan.candidates[0]?.estimatedCostUsd ?? unknownUsd;
  return first + chargeOf(judged, unknownUsd);
}

/**
 * Sets the expected cost of each decision aside; rejects with `budget_exceeded` where a hard limit leaves no room for
 * it, and then charges and keeps what the judge has cost.
 */
export function withReservation(
  decide: Decide,
  { entries, unknownUsd, append }: Omit<BudgetGateDeps, 'book'>,
): Decide {
  return async (request, context) => {
    const decision = await decide(request, context);
    const hold: BudgetHold | undefined = context.budget;
    if (!hold) return decision;
    const judged = entries.ofDecision(decision, context);
    try {
      hold.reserve(expectedCost(decision, judged, unknownUsd));
    } catch (error) {
      hold.settle(chargeOf(judged, unknownUsd));
      await append(judged);
      throw error;
    }
    return decision;
  };
}

/**
 * Charges and keeps what the judge costs in dry runs, of which nothing else is kept; refuses them with `budget_exceeded`
 * as any other request.
 */
export function withDryRunLedger(
  decide: Decide,
  { book, entries, unknownUsd, append }: BudgetGateDeps,
): Decide {
  return async (request, context) => {
    const hold = await book.open(spenderOf(context));
    try {
      const decision = await decide(request, hold ? { ...context, budget: hold } : context);
      const judged = entries.ofDecision(decision, context);
      hold?.settle(chargeOf(judged, unknownUsd));
      await append(judged);
      return decision;
    } finally {
      hold?.settle(0);
    }
  };
}

/** Charges and keeps what the judge cost of a request that then could not be decided. */
export function chargeInVain({ entries, unknownUsd, append }: Omit<BudgetGateDeps, 'book'>) {
  return (request: JudgedRequest, context: RequestContext): void => {
    const judged = entries.ofDecision(request, context);
    context.budget?.settle(chargeOf(judged, unknownUsd));
    void append(judged);
  };
}
