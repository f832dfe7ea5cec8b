/**
 * The point of no return of a stream. Until `commitStream` resolves nothing has reached the client and another model
 * may still be tried; afterwards a failure is the stream's last event. CommitMode says when that is: `direct` with the
 * first content, `prefix` once the beginning has passed, `buffered` once everything has.
 */
import { lossesOf } from '../../core/answer-losses.ts';
import type { ChatRequest, StreamFrame } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import type { CheckContext, ProviderStream, Validator } from '../../core/ports.ts';
import type { CommitMode } from '../../core/routing.ts';
import type { Assembler } from './assemble.ts';
import type { AttemptEnd, AttemptEntry, AttemptFacts } from './attempt-log.ts';
import { brokenOff, createHold, type Hold, type PrefixBounds } from './hold.ts';
import { failedPrefix, failedVerdict, type Rejection } from './verdict.ts';

export interface CommitOptions {
  readonly entry: AttemptEntry;
  readonly validators: readonly Validator[];
  readonly request: ChatRequest;
  /** Of the call. */
  readonly signal: AbortSignal;
  readonly mode: CommitMode;
  readonly prefix: PrefixBounds;
  /** Another tier can be tried: a beginning that fails is then given up at once. */
  readonly canEscalate: boolean;
}

export interface CommittedStream {
  /** Absent where the stream was given up because of its beginning. */
  readonly stream?: ProviderStream;
  /** What failed it before it was committed. */
  readonly rejection?: Rejection | undefined;
}

/** Everything about one stream that its ways of committing share. */
interface Held extends CommitOptions {
  readonly source: ProviderStream;
  readonly hold: Hold;
}

/** A usage is known at the end only: what a stream says of it at its start is less than what is billed. */
function usageOf(assembler: Assembler): AttemptFacts {
  if (!assembler.finished()) return {};
  const { usage, logprobs } = assembler.response();
  return { ...(usage ? { usage } : {}), ...(logprobs ? { logprobs } : {}) };
}

function endOf(assembler: Assembler): AttemptEnd {
  const error = assembler.ended()
    ? assembler.error()
    : new RouterError('client_closed', 'The client stopped reading before the end.');
  return { ...usageOf(assembler), ...(error ? { error } : {}) };
}

/** What the client does not get, of the request's fields and of what has been answered so far. */
function droppedOf({ source, request, hold }: Held): readonly string[] {
  if (source.dialect === request.dialect) return source.dropped;
  return [...source.dropped, ...lossesOf(hold.assembler.response())];
}

function contextOf({ signal, entry }: Held): CheckContext {
  return { signal, paid: entry.paid };
}

async function* replay(frames: readonly StreamFrame[]): AsyncGenerator<StreamFrame> {
  yield* frames;
}

/** The whole answer is here: it is judged and replayed. */
async function commitWhole(held: Held): Promise<CommittedStream> {
  const { hold, entry, validators, request, source } = held;
  await hold.readRest();
  const rejection = await failedVerdict(validators, hold.assembler.response(), request, contextOf(held));
  const dropped = droppedOf(held);
  entry.end({ ...endOf(hold.assembler), dropped, ...(rejection ? { rejection } : {}) });
  return { stream: { ...source, dropped, frames: replay(hold.frames) }, rejection };
}

/**
 * Replays what was held back, then goes on with the rest; the attempt ends when the stream does. The whole answer is
 * then only labelled, which keeps nobody waiting: the client has had its last frame.
 */
async function* resume(held: Held, known: Rejection | undefined): AsyncGenerator<StreamFrame> {
  const { hold, entry, validators, request } = held;
  const { assembler, rest } = hold;
  const labels = known ? [] : validators;
  let label: Promise<Rejection | undefined> | undefined;
  const ended = (): void => {
    if (labels.length === 0 || assembler.error()) finish(known);
    else label ??= failedVerdict(labels, assembler.response(), request, contextOf(held));
  };
  const finish = (rejection: Rejection | undefined): void =>
    entry.end({ ...endOf(assembler), dropped: droppedOf(held), ...(rejection ? { rejection } : {}) });
  try {
    if (assembler.ended()) ended();
    yield* hold.frames;
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      for (const event of next.value.events) assembler.add(event);
      if (assembler.ended()) ended();
      yield next.value;
    }
    if (!assembler.ended()) {
      const event = brokenOff();
      assembler.add(event);
      yield { raw: '', events: [event] };
    }
    if (label) yield { raw: '', events: [], last: true };
  } finally {
    await rest.return?.();
    finish(label ? await label : known);
  }
}

/** Rejects with the upstream's error where the stream fails before it is committed. */
export async function commitStream(source: ProviderStream, options: CommitOptions): Promise<CommittedStream> {
  const { entry, mode, validators, request } = options;
  const hold = createHold(source, entry);
  const held: Held = { ...options, source, hold };
  await hold.until(mode, options.prefix);
  const { assembler } = hold;
  const error = assembler.error();
  if (error) {
    entry.note(usageOf(assembler));
    await hold.rest.return?.();
    throw error;
  }
  if (mode !== 'direct' && assembler.ended()) return commitWhole(held);
  const rejection =
    mode === 'prefix'
      ? await failedPrefix(validators, assembler.response(), request, contextOf(held))
      : undefined;
  if (rejection && options.canEscalate) {
    await hold.rest.return?.();
    entry.end({ ...usageOf(assembler), rejection });
    return { rejection };
  }
  return { stream: { ...source, frames: resume(held, rejection) }, rejection };
}
