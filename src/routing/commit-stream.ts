/**
 * The point of no return of a stream. Until `commitStream` resolves nothing has reached the client and another
 * model may still be tried; afterwards a failure is the stream's last event.
 *
 * Without validators (`direct`) it commits on the first content. With validators (`buffered`) it reads the whole
 * answer, checks it and replays it.
 */
import type { ChatEvent, ChatRequest, ChatResponse, StreamFrame } from '../core/chat.ts';
import { RouterError } from '../core/errors.ts';
import type { ProviderStream, Validator } from '../core/ports.ts';
import { type Assembler, createAssembler } from './assemble.ts';
import type { AttemptEnd, AttemptEntry, AttemptFacts } from './attempt-log.ts';
import { failedVerdict } from './verdict.ts';

export type Committed =
  | { readonly kind: 'response'; readonly response: ChatResponse }
  | {
      readonly kind: 'stream';
      readonly stream: ProviderStream;
      readonly rejection?: { readonly name: string; readonly reason: string } | undefined;
    };

export interface CommitOptions {
  readonly entry: AttemptEntry;
  readonly validators: readonly Validator[];
  readonly request: ChatRequest;
  /** Of the client. */
  readonly signal: AbortSignal;
}

function usageOf(assembler: Assembler): AttemptFacts {
  const usage = assembler.usage();
  return usage ? { usage } : {};
}

function endOf(assembler: Assembler): AttemptEnd {
  const error = assembler.ended()
    ? assembler.error()
    : new RouterError('client_closed', 'The client stopped reading before the end.');
  return { ...usageOf(assembler), ...(error ? { error } : {}) };
}

/** What a stream lacks that ended without `finish` and `error`. */
function brokenOff(): Extract<ChatEvent, { type: 'error' }> {
  return {
    type: 'error',
    error: new RouterError('upstream_error', 'The model provider’s stream broke off before its end.'),
  };
}

/** Replays what was held back, then goes on with the rest; the attempt ends when the stream does. */
async function* resume(
  held: readonly StreamFrame[],
  rest: AsyncIterator<StreamFrame>,
  assembler: Assembler,
  finished: () => void,
): AsyncGenerator<StreamFrame> {
  try {
    yield* held;
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      for (const event of next.value.events) assembler.add(event);
      if (assembler.ended()) finished();
      yield next.value;
    }
    if (!assembler.ended()) {
      const event = brokenOff();
      assembler.add(event);
      yield { raw: '', events: [event] };
    }
  } finally {
    finished();
    await rest.return?.();
  }
}

/** Rejects with the upstream's error where the stream fails before it is committed. */
export async function commitStream(
  stream: ProviderStream,
  options: CommitOptions,
): Promise<Extract<Committed, { kind: 'stream' }>> {
  const { entry, validators, request, signal } = options;
  const assembler = createAssembler(stream.dialect);
  const iterator = stream.frames[Symbol.asyncIterator]();
  const held: StreamFrame[] = [];
  const buffered = validators.length > 0;
  while (!assembler.ended() && (buffered || !assembler.hasContent())) {
    const next = await iterator.next();
    if (next.done) {
      assembler.add(brokenOff());
      break;
    }
    held.push(next.value);
    for (const event of next.value.events) assembler.add(event);
    if (assembler.hasContent()) entry.firstByte();
  }
  const error = assembler.error();
  if (error) {
    entry.note(usageOf(assembler));
    await iterator.return?.();
    throw error;
  }
  if (buffered) {
    const trailing = await drain(iterator, assembler);
    const rejection = await failedVerdict(validators, assembler.response(), request, {
      signal,
      paid: entry.paid,
    });
    entry.end({ ...endOf(assembler), ...(rejection ? { rejection } : {}) });
    return { kind: 'stream', stream: { ...stream, frames: replay([...held, ...trailing]) }, rejection };
  }
  const frames = resume(held, iterator, assembler, () => entry.end(endOf(assembler)));
  return { kind: 'stream', stream: { ...stream, frames } };
}

/** What still follows the last event: pings, a usage chunk, the end marker. */
async function drain(iterator: AsyncIterator<StreamFrame>, assembler: Assembler): Promise<StreamFrame[]> {
  const frames: StreamFrame[] = [];
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    frames.push(next.value);
    for (const event of next.value.events) assembler.add(event);
  }
  return frames;
}

async function* replay(frames: readonly StreamFrame[]): AsyncGenerator<StreamFrame> {
  yield* frames;
}
