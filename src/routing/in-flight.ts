import type { StreamFrame } from '../core/chat.ts';
import type { Handle } from './handle.ts';

export interface InFlight {
  /** The use case, counted. */
  readonly handle: Handle;
  /** Resolves once no request is in flight: every outcome is then recorded. */
  idle(): Promise<void>;
}

/** Counts requests from their arrival to the record of their outcome, streams to the end of their frames. */
export function countInFlight(handle: Handle): InFlight {
  let count = 0;
  let waiting: (() => void)[] = [];
  const leave = (): void => {
    count--;
    if (count > 0) return;
    for (const wake of waiting) wake();
    waiting = [];
  };

  async function* counted(frames: AsyncIterable<StreamFrame>): AsyncGenerator<StreamFrame> {
    try {
      yield* frames;
    } finally {
      leave();
    }
  }

  return {
    async handle(request, context) {
      count++;
      let streaming = false;
      try {
        const handled = await handle(request, context);
        const { result } = handled;
        if (result.kind !== 'stream') return handled;
        streaming = true;
        return { ...handled, result: { ...result, frames: counted(result.frames) } };
      } finally {
        if (!streaming) leave();
      }
    },
    idle: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
