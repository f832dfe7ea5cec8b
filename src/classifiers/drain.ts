import type { Classifier } from '../core/ports.ts';

/** The classifier, whose `close` waits for the calls in flight to end. Idempotent; calls after it are refused. */
export function withDrain(inner: Classifier): Classifier {
  let inFlight = 0;
  let closing: Promise<void> | undefined;
  let drained: (() => void) | undefined;
  const close = async (): Promise<void> => {
    if (inFlight > 0) {
      await new Promise<void>((resolve) => {
        drained = resolve;
      });
    }
    await inner.close();
  };
  return {
    id: inner.id,
    doubtBelow: inner.doubtBelow,
    ...(inner.simpleFrom === undefined ? {} : { simpleFrom: inner.simpleFrom }),
    ...(inner.baseline ? { baseline: inner.baseline } : {}),
    async classify(inputs) {
      if (closing) throw new Error(`${inner.id} is closed`);
      inFlight += 1;
      try {
        return await inner.classify(inputs);
      } finally {
        inFlight -= 1;
        if (inFlight === 0) drained?.();
      }
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
