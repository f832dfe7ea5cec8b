/** A kept answer in the form a client asks for: whole or as a stream, however it came. */
import {
  type ChatEvent,
  type ChatRequest,
  type ChatResponse,
  DIALECT_IDS,
  type StreamFrame,
} from '../../core/chat.ts';
import type { Clock, Dialect } from '../../core/ports.ts';
import type { CachedAnswer } from '../../core/response-cache.ts';

export type ReplayDialects = Readonly<Record<ChatRequest['dialect'], Dialect>>;

export interface ReplayDeps {
  readonly dialects: ReplayDialects;
  readonly clock: Pick<Clock, 'now'>;
}

export type Replayed =
  | { readonly kind: 'response'; readonly response: ChatResponse }
  | {
      readonly kind: 'stream';
      readonly dialect: ChatRequest['dialect'];
      readonly frames: readonly StreamFrame[];
    };

function contextOf(request: ChatRequest, clock: Pick<Clock, 'now'>) {
  const createdAt = Math.floor(clock.now() / 1_000);
  return { createdAt, includeUsage: request.includeUsage ?? false, request };
}

/** The events that spell a response of texts and thoughts out. */
function eventsOf(response: ChatResponse): ChatEvent[] {
  const { id, model, content, stopReason, stopSequence, usage } = response;
  const events: ChatEvent[] = [{ type: 'start', id, model, ...(usage ? { usage } : {}) }];
  for (const part of content) {
    if (part.type === 'text') events.push({ type: 'text', text: part.text });
    if (part.type !== 'thinking') continue;
    if (part.redacted !== undefined) events.push({ type: 'redacted_thinking', data: part.redacted });
    else events.push({ type: 'thinking', text: part.text });
    if (part.signature !== undefined) {
      events.push({ type: 'thinking_signature', signature: part.signature });
    }
  }
  events.push({
    type: 'finish',
    stopReason,
    ...(stopSequence === undefined ? {} : { stopSequence }),
    ...(usage ? { usage } : {}),
  });
  return events;
}

/** A body for what came as events: encoded as an answer that came in another dialect. */
function wholeOf(
  response: ChatResponse,
  request: ChatRequest,
  { dialects, clock }: ReplayDeps,
): ChatResponse {
  const { dialect } = request;
  const foreign = DIALECT_IDS.find((id) => id !== dialect) ?? dialect;
  const raw = dialects[dialect].encodeResponse({ ...response, dialect: foreign }, contextOf(request, clock));
  return { ...response, dialect, raw };
}

function streamOf(response: ChatResponse, request: ChatRequest, { dialects, clock }: ReplayDeps): Replayed {
  const encoder = dialects[request.dialect].streamEncoder(contextOf(request, clock));
  const frames = eventsOf(response).map((event) => ({ raw: encoder.encode(event), events: [event] }));
  return { kind: 'stream', dialect: request.dialect, frames };
}

/**
 * The answer for a request that is the same but for the way it is sent. Undefined where the request has fields that
 * only the other way has answers to.
 */
export function replayAnswer(
  kept: CachedAnswer,
  request: ChatRequest,
  deps: ReplayDeps,
): Replayed | undefined {
  const { response, stream } = kept;
  if (!request.stream && !stream) return { kind: 'response', response };
  const sameEnd = stream?.includeUsage === (request.includeUsage ?? false);
  if (request.stream && stream && sameEnd) {
    return { kind: 'stream', dialect: stream.dialect, frames: stream.frames };
  }
  if ((request.nativeFields ?? []).length > 0) return undefined;
  return request.stream
    ? streamOf(response, request, deps)
    : { kind: 'response', response: wholeOf(response, request, deps) };
}
