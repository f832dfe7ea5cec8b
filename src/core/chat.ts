/**
 * The canonical chat vocabulary. Every dialect decodes into it and encodes from it, so two dialects are two
 * codecs and not four mappings. `raw` keeps what the caller sent: where both sides of the proxy speak the
 * same dialect the raw body passes through and fields nobody here has heard of survive.
 */
import type { RouterError } from './errors.ts';
import type { JsonObject, JsonValue } from './json.ts';

export const DIALECT_IDS = ['openai-chat', 'openai-responses', 'anthropic-messages'] as const;
export type DialectId = (typeof DIALECT_IDS)[number];

export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

/** An image by URL or inline; exactly one of `url` and `data` is set. */
export interface ImagePart {
  readonly type: 'image';
  readonly url?: string;
  readonly data?: { readonly mediaType: string; readonly base64: string };
  readonly detail?: string;
}

/** The model's visible reasoning. A `signature` is only valid for the model that made it. */
export interface ThinkingPart {
  readonly type: 'thinking';
  readonly text: string;
  readonly signature?: string;
  /** Opaque encrypted reasoning; `text` is then empty. */
  readonly redacted?: string;
}

export interface ToolCallPart {
  readonly type: 'tool_call';
  readonly id: string;
  readonly name: string;
  /** The arguments as JSON text, exactly as the model wrote them (may be malformed). */
  readonly arguments: string;
}

export interface ToolResultPart {
  readonly type: 'tool_result';
  readonly callId: string;
  readonly content: readonly (TextPart | ImagePart)[];
  readonly isError?: boolean;
}

export interface RefusalPart {
  readonly type: 'refusal';
  readonly text: string;
}

/** A part that only its own dialect understands (documents, audio, server tools). Never crosses dialects. */
export interface OpaquePart {
  readonly type: 'opaque';
  readonly dialect: DialectId;
  /** The dialect's name for it, e.g. `document`, `input_audio`. */
  readonly kind: string;
  readonly raw: JsonObject;
}

export type Part =
  | TextPart
  | ImagePart
  | ThinkingPart
  | ToolCallPart
  | ToolResultPart
  | RefusalPart
  | OpaquePart;

export type Role = 'system' | 'user' | 'assistant' | 'tool';

export interface Message {
  readonly role: Role;
  readonly content: readonly Part[];
  readonly name?: string;
}

export interface FunctionTool {
  readonly type: 'function';
  readonly name: string;
  readonly description?: string;
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject;
  readonly strict?: boolean;
}

/** A tool that the provider itself runs (web search, code execution): understood by its own dialect only. */
export interface BuiltinTool {
  readonly type: 'builtin';
  readonly dialect: DialectId;
  readonly name: string;
  readonly raw: JsonObject;
}

export type Tool = FunctionTool | BuiltinTool;
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | {
      readonly type: 'json_schema';
      readonly name: string;
      readonly schema: JsonObject;
      readonly strict?: boolean;
    };

export interface ReasoningOptions {
  readonly effort?: string;
  readonly budgetTokens?: number;
}

/**
 * A field of `raw` that has no place in ChatRequest. Another dialect leaves it out and lists it as dropped or,
 * where the answer would mean something else without it, refuses the request.
 */
export interface NativeField {
  /** As the caller wrote it, e.g. `logprobs`. */
  readonly name: string;
  readonly essential: boolean;
}

export interface ChatRequest {
  readonly dialect: DialectId;
  /** The body as the caller sent it. */
  readonly raw: JsonObject;
  /** What the caller asked for: `auto`, `auto:<tier>` or a configured model id. */
  readonly model: string;
  /** In order; system prompts come as `system` messages at the front. */
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly responseFormat?: ResponseFormat;
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly stop?: readonly string[];
  readonly reasoning?: ReasoningOptions;
  readonly stream: boolean;
  /** Chat completions only: the caller wants a last chunk with the usage. Anthropic streams always have it. */
  readonly includeUsage?: boolean;
  /** The caller's own id of its end user. */
  readonly user?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly nativeFields?: readonly NativeField[];
  /** Headers that belong to the caller's format (`anthropic-beta`); sent on where the upstream speaks the same. */
  readonly formatHeaders?: Readonly<Record<string, string>>;
  /** The router reads token log-probabilities: the upstream is asked for them, and a caller who did not ask sees none. */
  readonly readLogprobs?: boolean;
}

/** Token counts. `inputTokens` and `outputTokens` are totals: cached and reasoning tokens are part of them. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  /** Of `cacheWriteTokens`, those kept for an hour, which cost more; absent: none. */
  readonly cacheWrite1hTokens?: number;
  readonly reasoningTokens: number;
}

export type StopReason =
  | 'stop'
  | 'length'
  | 'tool_calls'
  | 'stop_sequence'
  | 'content_filter'
  | 'refusal'
  | 'pause';

/** The mean log-probability of an answer's tokens, natural logarithm, and how many they were: at least one. */
export interface TokenLogprobs {
  readonly mean: number;
  readonly tokens: number;
}

export interface ChatResponse {
  readonly dialect: DialectId;
  /** The body as the upstream sent it. */
  readonly raw: JsonObject;
  /** The very text of `raw` where it came over a wire: numbers and spaces as they were written. */
  readonly text?: string;
  readonly id: string;
  /** The model's name as the upstream reports it. */
  readonly model: string;
  readonly content: readonly Part[];
  readonly stopReason: StopReason;
  readonly stopSequence?: string;
  /** Absent where the upstream did not report it: cost is then unknown, never zero. */
  readonly usage?: Usage;
  /** Where the upstream gave them. */
  readonly logprobs?: TokenLogprobs;
}

/** The visible text of an answer: its text parts in order, without reasoning, refusals and tool calls. */
export function textOf(response: Pick<ChatResponse, 'content'>): string {
  return response.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/**
 * What happens in a stream. Order: one `start`, then deltas, then exactly one `finish` or `error`, and
 * nothing after it. Deltas of one tool call share its `index` (0, 1, 2 … in order of appearance).
 */
export type ChatEvent =
  | { readonly type: 'start'; readonly id: string; readonly model: string; readonly usage?: Usage }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly text: string }
  | { readonly type: 'thinking_signature'; readonly signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'refusal'; readonly text: string }
  | { readonly type: 'tool_call'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly type: 'tool_call_arguments'; readonly index: number; readonly json: string }
  /** A piece only its own dialect understands. */
  | { readonly type: 'opaque'; readonly kind: string; readonly raw: JsonValue }
  | {
      readonly type: 'finish';
      readonly stopReason: StopReason;
      readonly stopSequence?: string;
      readonly usage?: Usage;
      readonly logprobs?: TokenLogprobs;
    }
  | { readonly type: 'error'; readonly error: RouterError };

/**
 * One frame of a stream: the text of one server-sent event as it came, blank line included, and what it means.
 * Pass-through writes `raw`; crossing dialects encodes `events`. A frame may mean nothing (pings).
 */
export interface StreamFrame {
  readonly raw: string;
  readonly events: readonly ChatEvent[];
  /** Nothing follows for the client, whose connection may end; the producer may still have to do with the answer. */
  readonly last?: true;
}
