/** A stream as the work of a policy: under it until the stream is over, not only until it has begun. */
import type { ChatEvent, StreamFrame } from '../core/chat.ts';
import { abortedBy, clientGone } from '../core/errors.ts';
import type { ProviderStream } from '../core/ports.ts';

export interface StreamWorkOptions {
  readonly begin: () => Promise<ProviderStream>;
  /** Of the call. Ends the work even where nobody reads the frames. */
  readonly signal: AbortSignal;
  /** Asked at the first content: true where the work has then succeeded, whatever becomes of the rest. */
  readonly done?: () => boolean;
}

function isContent({ type }: ChatEvent): boolean {
  return type !== 'start' && type !== 'finish' && type !== 'error';
}

/**
 * Begins a stream under a policy. Resolves when the stream has begun; the policy's work lasts until its end and fails
 * with the error that the stream ends in, or with `client_closed` where its reader gives it up.
 */
export function streamWithin(
  policy: (work: () => Promise<void>) => Promise<void>,
  { begin, signal, done = () => false }: StreamWorkOptions,
): Promise<ProviderStream> {
  return new Promise((began, failed) => {
    policy(async () => {
      const stream = await begin();
      await new Promise<void>((succeed, fail) => {
        const gone = (): void => fail(abortedBy(signal));
        signal.addEventListener('abort', gone, { once: true });
        const frames = watched(stream.frames, {
          event(event) {
            if (event.type === 'error') fail(event.error);
            else if (event.type === 'finish' || (isContent(event) && done())) succeed();
          },
          over() {
            signal.removeEventListener('abort', gone);
            fail(clientGone());
          },
        });
        began({ ...stream, frames });
      });
    }).catch(failed);
  });
}

interface Watcher {
  event(event: ChatEvent): void;
  over(): void;
}

async function* watched(frames: AsyncIterable<StreamFrame>, watcher: Watcher): AsyncGenerator<StreamFrame> {
  try {
    for await (const frame of frames) {
      for (const event of frame.events) watcher.event(event);
      yield frame;
    }
  } finally {
    watcher.over();
  }
}
