/**
 * The seams. Types only: what each method promises stands above it; adapters import this and nothing else of ours.
 */
import type { ChatEvent, ChatRequest, ChatResponse, DialectId, StreamFrame } from './chat.ts';
import type { RouterError } from './errors.ts';
import type { JsonObject } from './json.ts';
import type {
  Classification,
  Decision,
  Feedback,
  FeedbackKind,
  FeedbackSignal,
  JudgeAnswer,
  Outcome,
  ShadowAnswer,
} from './routing.ts';
import type { PerTier, Tier } from './tier.ts';
import type { TrafficShape } from './traffic.ts';

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number;
}

/** Structured log. Callers never pass prompts or keys. */
export interface Logger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** A request as the classifier sees it: the text that `routing/features` made of it. */
export interface ClassifierInput {
  readonly text: string;
}

export interface Classifier {
  /** Bundle id or `rules`; goes into every decision. */
  readonly id: string;
  /** The calibrated confidence below which a prediction is doubtful, 0 to 1. */
  readonly doubtBelow: number;
  /** The calibrated P(simple) from which the simple tier may be risked, 0 to 1; absent where nothing is promised. */
  readonly simpleFrom?: number;
  /** Shape of the rows it was trained on; absent where it does not say. */
  readonly baseline?: TrafficShape;
  /**
   * One classification per input, in order. The same text gives the same answer alone and in a batch.
   * Rejects only when the model itself fails.
   */
  classify(inputs: readonly ClassifierInput[]): Promise<readonly Classification[]>;
  close(): Promise<void>;
}

/** The LLM asked in doubt. Never rejects: every failure is a status. */
export interface Judge {
  judge(input: ClassifierInput, signal: AbortSignal): Promise<JudgeAnswer>;
}

export interface EncodedRequest {
  readonly body: JsonObject;
  /** Canonical field names that the dialect cannot express and that were left out knowingly. */
  readonly dropped: readonly string[];
}

/** Turns the events of one upstream stream, in order, into canonical ones. Stateful: one per stream. */
export interface StreamDecoder {
  /**
   * One server-sent event. Emits `start` first and `finish` or `error` at most once.
   * Unknown event types give no events; unreadable data gives an `error` event.
   */
  push(event: { readonly event?: string; readonly data: string }): readonly ChatEvent[];
  /** The upstream closed: the missing `finish` (when a stop reason was seen) or an `error`, or nothing. */
  end(): readonly ChatEvent[];
}

/** Turns canonical events into the text of one client stream. Stateful: one per stream. */
export interface StreamEncoder {
  /** Server-sent events as text, possibly empty; after `finish` or `error` the stream is complete. */
  encode(event: ChatEvent): string;
}

export interface EncodeContext {
  /** Unix seconds for formats that carry a creation time. */
  readonly createdAt: number;
  /** See ChatRequest.includeUsage. */
  readonly includeUsage: boolean;
}

/** A pure two-way codec of one wire format. */
export interface Dialect {
  readonly id: DialectId;
  /** Throws `invalid_request` that names the field and what is allowed. */
  decodeRequest(body: unknown): ChatRequest;
  /**
   * The body for an upstream that speaks this dialect. From the same dialect: `raw` with only the model set, and
   * what the upstream needs to be billed or accepted (the usage of a stream, an absent output ceiling). From
   * another: throws `unsupported` where leaving something out would change the meaning.
   */
  encodeRequest(request: ChatRequest, upstreamModel: string): EncodedRequest;
  /** Throws `upstream_malformed`. */
  decodeResponse(body: unknown): ChatResponse;
  /** From the same dialect: `raw`. */
  encodeResponse(response: ChatResponse, context: EncodeContext): JsonObject;
  streamDecoder(): StreamDecoder;
  streamEncoder(context: EncodeContext): StreamEncoder;
  /** The error body a client of this dialect expects. */
  encodeError(error: RouterError): JsonObject;
  /** An error inside a stream that has begun. */
  encodeStreamError(error: RouterError): string;
  /**
   * True for an event of this request's stream that answers only what `encodeRequest` added: it is decoded as
   * any other, and its frame's `raw` is then empty. Absent where the dialect adds nothing.
   */
  hides?(request: ChatRequest, event: { readonly event?: string; readonly data: string }): boolean;
  /** What an upstream's error answer means. Never quotes keys. */
  decodeError(status: number, body: unknown, retryAfterSeconds?: number): RouterError;
}

export interface ProviderCall {
  readonly request: ChatRequest;
  readonly upstreamModel: string;
  readonly signal: AbortSignal;
}

export interface ProviderResult {
  readonly response: ChatResponse;
  readonly dropped: readonly string[];
}

export interface ProviderStream {
  readonly dialect: DialectId;
  readonly dropped: readonly string[];
  /**
   * Never throws: the events of all frames together follow the order of ChatEvent, so a failure is a last
   * `error` event. Stops reading upstream when the consumer stops or the call's signal aborts.
   */
  readonly frames: AsyncIterable<StreamFrame>;
}

/** An upstream that answers. Rejects with RouterError only. Aborting the signal rejects with `client_closed`. */
export interface Provider {
  readonly id: string;
  complete(call: ProviderCall): Promise<ProviderResult>;
  /** Resolves when the upstream has accepted the request and begun to answer. */
  stream(call: ProviderCall): Promise<ProviderStream>;
}

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Judges one complete answer. Pure and total: never throws. */
export interface Validator {
  readonly name: string;
  check(response: ChatResponse, request: ChatRequest): Verdict;
}

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
  /** Over requests whose cost and baseline are both known. */
  readonly savings: {
    readonly requests: number;
    readonly costUsd: number;
    readonly baselineCostUsd: number;
    readonly savedUsd: number;
    /** Share of the baseline, null where it is zero. */
    readonly savedShare: number | null;
  };
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
  recordDecision(decision: Decision): Promise<void>;
  /** The decision must be recorded before. A second outcome of the same decision is ignored. */
  recordOutcome(outcome: Outcome): Promise<void>;
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
  stats(window: StatsWindow): Promise<Stats>;
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
   * client, oldest first.
   */
  labelled(window: StatsWindow): AsyncIterable<LabelledDecision>;
  /** Deletes decisions with all that followed, in small steps, and says how much it was; zeros where nothing fits. */
  forget(selector: ForgetSelector): Promise<Forgotten>;
  /** USD spent on the judge since the given time, as far as known. */
  judgeSpend(since: number): Promise<number>;
  /** Rejects when the store cannot be read and written. */
  ping(): Promise<void>;
  /** Idempotent; flushes. */
  close(): Promise<void>;
}
