import { type Admission, type Caller, labelOf } from '../core/access.ts';
import type { ChatRequest } from '../core/chat.ts';
import type { BudgetHold } from './money/budget-rules.ts';

/** What the transport knows of a request besides its body. */
export interface RequestContext {
  /** Path of the endpoint, e.g. `/v1/chat/completions`. */
  readonly path: string;
  /** Header values by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 (hex) of the caller's API key. */
  readonly apiKeySha256?: string;
  /** The holder of that key; absent where the server asks nobody for one. */
  readonly caller?: Caller;
  /** The request's place within its caller's rate limits; absent where none are counted. */
  readonly admission?: Admission;
  /** The request's share of the budgets that bind it; absent where none does. */
  readonly budget?: BudgetHold;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** Clock.monotonic() at arrival. */
  readonly arrived: number;
}

/** Ours first; then those that coding agents send: Claude Code, Codex, OpenCode. */
const SESSION_HEADERS = [
  'x-router-session',
  'x-session-id',
  'x-claude-code-session-id',
  'session_id',
  'session-id',
  'conversation_id',
  'x-opencode-session',
];
const SESSION_METADATA = ['session_id', 'conversation_id', 'thread_id'];

/** Claude Code's id of its user ends in the id of the session, or is JSON that holds it. */
const SESSION_IN_USER = /(?:_session_|"session_id"\s*:\s*")([0-9a-f-]{36})(?:"|$)/;

/** The caller's own id of the conversation: a header, else the metadata, else what its user id says. */
export function sessionOf(request: ChatRequest, context: RequestContext): string | undefined {
  const named = SESSION_HEADERS.map((name) => context.headers[name]).find((value) => value);
  const inMetadata = SESSION_METADATA.map((name) => request.metadata[name]).find((value) => value);
  return named ?? inMetadata ?? SESSION_IN_USER.exec(request.user ?? '')?.[1];
}

/** The label of the caller's API key; undefined where it sent none. */
export function keyLabel(context: RequestContext): string | undefined {
  return context.apiKeySha256 === undefined ? undefined : labelOf(context.apiKeySha256);
}
