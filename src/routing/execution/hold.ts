/** The part of a stream that is held back while another model may still be tried. */
import type { ChatEvent, StreamFrame } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import type { ProviderStream } from '../../core/ports.ts';
import type { CommitMode } from '../../core/routing.ts';
import { type Assembler, createAssembler } from './assemble.ts';
import type { AttemptEntry } from './attempt-log.ts';

/** What `prefix` holds back: whichever is reached first. */
export interface PrefixBounds {
  /** Of text, refusal and tool arguments. */
  readonly characters: number;
  /** Pieces of content of any kind. */
  readonly events: number;
}

export interface Hold {
  /** What was read and not sent on, in order. */
  readonly frames: readonly StreamFrame[];
  readonly assembler: Assembler;
  /** What has not been read. */
  readonly rest: AsyncIterator<StreamFrame>;
  /** Reads until the mode has seen enough, or the stream has ended. */
  until(mode: CommitMode, bounds: PrefixBounds): Promise<void>;
  /** Reads what follows the last event: pings, a usage chunk, the end marker. */
  readRest(): Promise<void>;
}

/** Characters of wire text. No answer is that long; what is would fill the memory. */
const MOST_HELD = 32 * 1024 * 1024;

/** What a stream lacks that ended without `finish` and `error`. */
export function brokenOff(): Extract<ChatEvent, { type: 'error' }> {
  return {
    type: 'error',
    error: new RouterError('upstream_error', 'The model provider’s stream broke off before its end.'),
  };
}

function charactersOf(event: ChatEvent): number {
  if (event.type === 'text' || event.type === 'refusal') return event.text.length;
  return event.type === 'tool_call_arguments' ? event.json.length : 0;
}

function isContent({ type }: ChatEvent): boolean {
  return type !== 'start' && type !== 'finish' && type !== 'error';
}

export function createHold(stream: ProviderStream, entry: AttemptEntry): Hold {
  const assembler = createAssembler(stream.dialect);
  const rest = stream.frames[Symbol.asyncIterator]();
  const frames: StreamFrame[] = [];
  let characters = 0;
  let events = 0;
  let size = 0;

  function keep(frame: StreamFrame): void {
    frames.push(frame);
    size += frame.raw.length;
    for (const event of frame.events) {
      assembler.add(event);
      characters += charactersOf(event);
      if (isContent(event)) events += 1;
    }
    if (size > MOST_HELD && !assembler.ended()) {
      const error = new RouterError('upstream_malformed', 'The answer is longer than can be held back.');
      assembler.add({ type: 'error', error });
    }
  }

  const enough: Readonly<Record<CommitMode, (bounds: PrefixBounds) => boolean>> = {
    direct: () => assembler.hasContent(),
    prefix: (bounds) => characters >= bounds.characters || events >= bounds.events,
    buffered: () => false,
  };

  return {
    frames,
    assembler,
    rest,
    async until(mode, bounds) {
      while (!assembler.ended() && !enough[mode](bounds)) {
        const next = await rest.next();
        if (next.done) assembler.add(brokenOff());
        else keep(next.value);
        if (assembler.hasContent()) entry.firstByte();
      }
    },
    async readRest() {
      for (let next = await rest.next(); !next.done; next = await rest.next()) keep(next.value);
    },
  };
}
