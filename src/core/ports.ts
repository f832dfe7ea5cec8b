/**
 * The seams. Types only: what each method promises stands above it; adapters import this and nothing else of ours.
 * The store has its own file, store.ts.
 */
import type { ChatEvent, ChatRequest, ChatResponse, DialectId, StreamFrame, Usage } from './chat.ts';
import type { RouterError } from './errors.ts';
import type { JsonObject } from './json.ts';
import type { Classification, JudgeAnswer, PaidCheck } from './routing.ts';
import type { TrainedShape } from './traffic.ts';

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

/** Tokens of a text. Lets other work have its turn while it counts a long one. */
export type CountTokens = (text: string) => Promise<number>;

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
  readonly baseline?: TrainedShape;
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

/** What a small model is asked: the instruction is ours, the text is material. */
export interface Question {
  readonly instruction: string;
  readonly text: string;
}

/** `text` is set exactly when `status` is `answered`. */
export interface AskedAnswer {
  readonly status: 'answered' | 'timeout' | 'error' | 'breaker_open' | 'budget_spent';
  readonly text?: string;
  readonly usage?: Usage;
  /** USD; null where price or usage is unknown, 0 where nobody was asked. */
  readonly costUsd: number | null;
  readonly latencyMs: number;
}

/** A small model that is asked within a budget, a deadline and a breaker. Never rejects: every failure is a status. */
export interface AskedModel {
  /** Model id. */
  readonly model: string;
  ask(question: Question): Promise<AskedAnswer>;
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
  /** What is answered, for formats whose answers repeat it. */
  readonly request?: ChatRequest;
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
  /** An error inside a stream that has begun. `lastFrame` is the text of the frame before it, where events are numbered. */
  encodeStreamError(error: RouterError, lastFrame?: string): string;
  /**
   * True for an event of this request's stream that answers only what `encodeRequest` added: it is decoded as
   * any other, and its frame's `raw` is then empty. Absent where the dialect adds nothing.
   */
  hides?(request: ChatRequest, event: { readonly event?: string; readonly data: string }): boolean;
  /**
   * The JSON of an answer or of a stream's event as the caller would have got it without what `encodeRequest` asked for on
   * the router's account; undefined where it is as it should be. Absent where the dialect asks for nothing.
   */
  conceal?(request: ChatRequest, json: string): string | undefined;
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

/** Asks an upstream how many tokens a request of its own dialect has. */
export interface UpstreamCounter {
  readonly dialect: DialectId;
  /** Rejects with RouterError only. Aborting the signal rejects with `client_closed`. */
  count(call: ProviderCall): Promise<number>;
}

/**
 * An upstream that answers. Rejects with RouterError only. Aborting the signal rejects with `client_closed`, or with
 * the RouterError that it was aborted with. `overloaded` says that the upstream was not called.
 */
export interface Provider {
  readonly id: string;
  complete(call: ProviderCall): Promise<ProviderResult>;
  /** Resolves when the upstream has accepted the request and begun to answer. */
  stream(call: ProviderCall): Promise<ProviderStream>;
}

/** `paid` where somebody was asked for money or over the network. */
export type Verdict = ({ readonly ok: true } | { readonly ok: false; readonly reason: string }) & {
  readonly paid?: Omit<PaidCheck, 'name'>;
};

/** What a check that needs time is given besides the answer. */
export interface CheckContext {
  /** Aborts when the client goes away or the request's deadline passes. */
  readonly signal: AbortSignal;
  /** Told of every check that was paid for, whatever it said. */
  readonly paid?: (check: PaidCheck) => void;
}

/** Judges one complete answer. Total: never throws and never rejects; a check that could not be made says `ok`. */
export interface Validator {
  readonly name: string;
  /** What it reads that an upstream gives only when asked; it passes an answer without. */
  readonly reads?: 'logprobs';
  check(response: ChatResponse, request: ChatRequest, context: CheckContext): Verdict | Promise<Verdict>;
  /**
   * Judges the beginning of an answer that is still being written, before any of it reaches the client. `content` has
   * what came so far, its last part cut off anywhere; stop reason and usage say nothing yet. May fail early, where what
   * is there already shows that the answer will not do; `ok` only means go on. Called once for an answer, soon: it
   * delays the first word. As total as `check`. Absent where only the whole answer can be judged.
   */
  prefix?(response: ChatResponse, request: ChatRequest, context: CheckContext): Verdict | Promise<Verdict>;
}
