/** The ledger: what every call of a model cost, and the seam through which it is read. */
import type { Usage } from './chat.ts';
import type { Interval } from './interval.ts';
import type { AttemptStatus, DecisionSource, Price } from './routing.ts';
import type { StatsWindow } from './store.ts';
import type { Tier } from './tier.ts';

/** What a call was for: the answer itself, the judge asked in doubt, or a paid check of an answer. */
export type LedgerKind = 'answer' | 'judge' | 'validator';

/** One call of one model. Amounts are USD, exact to the picodollar (1e-12); null is "unknown", never zero. */
export interface LedgerEntry {
  /** The decision's id; once that is forgotten, and for dry runs, an id that only holds the rows of one request together. */
  readonly request: string;
  /** From 0 for each kind of a request. */
  readonly index: number;
  readonly kind: LedgerKind;
  /** When the request was decided, Unix milliseconds: the same for all rows of a request. */
  readonly at: number;
  /** Label of the caller's API key: a hash, never the key. */
  readonly key?: string;
  readonly keyName?: string;
  readonly team?: string;
  readonly user?: string;
  readonly session?: string;
  /** Name of the static route that matched. */
  readonly route?: string;
  readonly requestedModel: string;
  /** The tier the caller asked for by name. */
  readonly requestedTier?: Tier;
  readonly decidedTier: Tier;
  readonly source: DecisionSource;
  /** Name of the validator that called, for rows of kind `validator`. */
  readonly validator?: string;
  /** The validator's name where it asked a service instead of a model. */
  readonly model: string;
  readonly provider: string;
  /** Of the model. */
  readonly tier: Tier;
  readonly status: AttemptStatus;
  /** Null where the upstream reported none. */
  readonly usage: Usage | null;
  /** The unit prices that were applied, and their date; null where the model has no price. */
  readonly price: Price | null;
  readonly costUsd: number | null;
  /** What the call was expected to cost; counts against budgets where the cost is unknown. */
  readonly estimateUsd: number | null;
  /**
   * What the same tokens would have cost at the declared other model. On exactly one row of a request that ended: the
   * attempt that answered, else the last one, where it is 0.
   */
  readonly counterfactual?: { readonly model: string | null; readonly costUsd: number | null };
  /** The request could have waited for a batch. */
  readonly batchEligible: boolean;
}

export const LEDGER_GROUPINGS = [
  'tier',
  'model',
  'key',
  'team',
  'route',
  'day',
  'source',
  'kind',
  'validator',
] as const;
/** What the ledger is split by. `tier` is the decided one, `day` a UTC day. */
export type LedgerGrouping = (typeof LEDGER_GROUPINGS)[number];

export interface LedgerSums {
  /** Requests that called a model for their answer. */
  readonly requests: number;
  /** Rows: calls of any kind. */
  readonly calls: number;
  readonly failedCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  /** Sum of the known costs. */
  readonly costUsd: number;
  /** Calls whose cost is unknown and so missing from `costUsd`. */
  readonly unknownCalls: number;
  /** Of these, calls of models without a price. */
  readonly unpricedCalls: number;
  /** Known cost of requests that could have waited for a batch. */
  readonly batchEligibleUsd: number;
  /** Counterfactual and actual cost of the requests of which both are known. */
  readonly beforeUsd: number;
  readonly afterUsd: number;
}

export interface LedgerGroup extends LedgerSums {
  /** Value of the grouping; empty for none (no key, no team, no route). */
  readonly group: string;
}

/** What routing saved against the counterfactual, which is assumed to write as many tokens as the model that answered. */
export interface Savings {
  /** Requests whose costs and counterfactual are all known. */
  readonly requests: number;
  /** Requests left out because a part is unknown. */
  readonly unknown: number;
  readonly costUsd: number;
  readonly baselineCostUsd: number;
  readonly savedUsd: number;
  /** Share of the baseline; null where that is zero. */
  readonly savedShare: number | null;
  /** Of `savedUsd`, by resampling requests; null below two of them. */
  readonly overRequests: Interval | null;
  /** Of `savedUsd`, by resampling UTC days, whose requests are alike; null below five of them. */
  readonly overDays: Interval | null;
  /** Requests by the model they are compared with. */
  readonly counterfactuals: Readonly<Record<string, number>>;
}

/** Which rows count as somebody's: `key` is a label or a name. */
export type LedgerOwner = { readonly key: string } | { readonly team: string } | 'everyone';

/** A ledger outlives the decisions it was written with: forgetting one takes its user, its session and its id off the rows. */
export interface Ledger {
  /** Adds rows that belong to no recorded decision; rows of a request, kind and index that are there already are ignored. */
  append(entries: readonly LedgerEntry[]): Promise<void>;
  /** All rows within the window, oldest first, the rows of a request together; read in pages. */
  entries(window: StatsWindow): AsyncIterable<LedgerEntry>;
  /** Sums by group, in the order of the group's name. No read holds other work up for long. */
  groups(window: StatsWindow, by: LedgerGrouping): Promise<readonly LedgerGroup[]>;
  total(window: StatsWindow): Promise<LedgerSums>;
  savings(window: StatsWindow): Promise<Savings>;
  /** USD spent, with its estimate where a cost is unknown, and `unknownUsd` where there is no estimate either. */
  spent(window: StatsWindow, owner: LedgerOwner, unknownUsd: number): Promise<number>;
}
