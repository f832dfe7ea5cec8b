/** The seam of the store, and the views it gives of what it keeps. */
import type { LedgerEntry, Savings } from './ledger.ts';
import type { Decision, Feedback, FeedbackKind, FeedbackSignal, Outcome, ShadowAnswer } from './routing.ts';
import type { PerTier, Tier } from './tier.ts';
import type { TrafficShape } from './traffic.ts';

/** One decision with all that followed. */
export interface StoredDecision {
  readonly decision: Decision;
  readonly outcome?: Outcome;
  /** Live feedback only. */
  readonly feedback: readonly Feedback[];
}

export interface StatsWindow {
  /** Unix milliseconds, inclusive. */
  readonly from: number;
  /** Unix milliseconds, exclusive. */
  readonly to: number;
}

export interface StatsRow {
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly escalated: number;
  /** Escalated of all finished; null where none finished. */
  readonly escalationRate: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly reasoningTokens: number;
  /** Sum of the known costs, USD. */
  readonly costUsd: number;
  /** Requests whose cost is unknown and so missing from `costUsd`. */
  readonly unknownCost: number;
  readonly latencyMs: { readonly p50: number | null; readonly p99: number | null };
  readonly decisionMs: { readonly p50: number | null; readonly p99: number | null };
  readonly feedback: {
    readonly up: number;
    readonly down: number;
    readonly scores: number;
    readonly meanScore: number | null;
    readonly corrections: number;
    readonly comments: number;
  };
}

export interface Stats {
  readonly window: StatsWindow;
  readonly total: StatsRow;
  /** By the tier that was decided. */
  readonly byTier: PerTier<StatsRow>;
  /** By the model that answered. */
  readonly byModel: Readonly<Record<string, StatsRow>>;
  readonly bySource: Readonly<Record<string, number>>;
  readonly savings: Savings;
}

/** What was seen of the requests that one classifier decided. */
export interface ClassifierStats {
  readonly requests: number;
  /** By the tier that was decided. */
  readonly byTier: PerTier<number>;
  /** Requests with an outcome. */
  readonly finished: number;
  readonly escalated: number;
  /** Requests with a live thumb. */
  readonly rated: number;
  /** Of these, thumbs down. */
  readonly down: number;
  /** By id of the shadow: requests both classified, and those where both named the same tier. */
  readonly shadows: Readonly<Record<string, { readonly compared: number; readonly agreed: number }>>;
}

/** What tells whether the traffic or the classifier changed, over the decisions that a bundle had a say in. */
export interface DriftStats extends TrafficShape {
  /** Sure decisions of the classifier, by tier. */
  readonly local: PerTier<number>;
  readonly classified: number;
  readonly doubtful: number;
  readonly judge: {
    readonly answered: number;
    /** It named another tier than the classifier. */
    readonly disagreed: number;
    /** Of the classifier on these requests; null where there are none. */
    readonly meanConfidence: number | null;
  };
}

/** A logged request that carries feedback, as retraining reads it. */
export interface LabelledDecision {
  readonly decisionId: string;
  readonly at: number;
  readonly text: string;
  /** Estimated prompt length in tokens. */
  readonly inputTokens?: number;
  readonly featureVersion: string;
  readonly session?: string;
  readonly apiKey?: string;
  /** Tier that gave the answer. */
  readonly answeredBy?: Tier;
  readonly judge?: Tier;
  /** The client sent the same text again within a minute of the answer. */
  readonly retried?: boolean;
  readonly attempts: Outcome['attempts'];
  readonly feedback: readonly Feedback[];
}

export interface FeedbackInput extends FeedbackSignal {
  readonly decisionId: string;
  readonly kind: FeedbackKind;
  readonly apiKey?: string;
}

/** Which decisions to forget: exactly one is set. */
export type ForgetSelector =
  | { readonly decision: string }
  | { readonly session: string }
  | { readonly user: string }
  /** Made before this, Unix milliseconds. */
  | { readonly before: number };

/** How many rows were deleted. */
export interface Forgotten {
  readonly decisions: number;
  readonly outcomes: number;
  readonly feedback: number;
}

/**
 * Where decisions live. A write is durable against the death of the process once its promise resolves.
 */
export interface Store {
  /** `entries`: rows of the ledger that are written with it or not at all. */
  recordDecision(decision: Decision, entries?: readonly LedgerEntry[]): Promise<void>;
  /**
   * The decision must be recorded before. A second outcome of the same decision is ignored. `entries`: rows of the ledger
   * that are written with it, and also where the decision has been forgotten meanwhile.
   */
  recordOutcome(outcome: Outcome, entries?: readonly LedgerEntry[]): Promise<void>;
  /** Adds the shadow's answer to a decision. Ignored where the decision has one, or is not there any more. */
  recordShadow(decisionId: string, shadow: ShadowAnswer): Promise<void>;
  getDecision(id: string): Promise<StoredDecision | undefined>;
  /**
   * Feedback of different kinds on one decision, all of it or none. Last write wins per decision and kind.
   * Throws `unknown_decision`, and `duplicate_feedback` where the live feedback of a kind says the same.
   */
  addFeedback(inputs: readonly FeedbackInput[], at: number): Promise<{ readonly replaced: number }>;
  /** Ends all live feedback of a decision; throws `unknown_decision` and `nothing_to_revoke`. */
  revokeFeedback(decisionId: string, at: number): Promise<{ readonly revoked: number }>;
  /** `apiKey`: of the decisions made for the key with this label only. */
  stats(window: StatsWindow, apiKey?: string): Promise<Stats>;
  /** By classifier id; of one classifier where it is named. Decisions made without a classifier are left out. */
  classifierStats(
    window: StatsWindow,
    classifier?: string,
  ): Promise<Readonly<Record<string, ClassifierStats>>>;
  drift(window: StatsWindow): Promise<DriftStats>;
  /** All decisions made within the window, oldest first. */
  decisions(window: StatsWindow): AsyncIterable<StoredDecision>;
  /**
   * Decisions with live feedback, a judge's answer, an attempt rejected by a validator or an immediate retry by the
   * client, oldest first. What coding agents ask on their own account is left out.
   */
  labelled(window: StatsWindow): AsyncIterable<LabelledDecision>;
  /**
   * Deletes decisions with all that followed, in small steps, and says how much it was; zeros where nothing fits. Their
   * rows of the ledger stay, without the decision, its user and its session.
   */
  forget(selector: ForgetSelector): Promise<Forgotten>;
  /** USD spent on the judge since the given time; a question of unknown cost counts `unknownUsd`, 0 unless given. */
  judgeSpend(since: number, unknownUsd?: number): Promise<number>;
  /** Rejects when the store cannot be read and written. */
  ping(): Promise<void>;
  /** Idempotent; flushes. */
  close(): Promise<void>;
}
