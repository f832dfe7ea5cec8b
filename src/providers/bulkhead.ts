import { bulkhead } from 'cockatiel';
import { abortedBy, RouterError } from '../core/errors.ts';
import type { Provider } from '../core/ports.ts';
import { endingWaits } from './retry.ts';
import { streamWithin } from './stream-work.ts';

export interface BulkheadOptions {
  /** Calls in flight at once, streams to their end. */
  readonly concurrent: number;
  /** Calls that may wait for one of these to end. */
  readonly queued: number;
}

export interface BoundedProvider extends Provider {
  load(): { readonly inFlight: number; readonly queued: number };
}

/** How soon a place may be free is unknown; calls take seconds. */
const RETRY_AFTER_S = 1;

/** The end of a call whose caller left the line: nothing was sent, so it cost nothing. */
function neverSent(signal: AbortSignal): RouterError {
  const { code, message } = abortedBy(signal);
  return new RouterError(code, message, { unsent: true });
}

/** Lets at most so many calls run at once; more wait in line, and where the line is full they get `overloaded`. */
export function withBulkhead(
  provider: Provider,
  { concurrent, queued: mostQueued }: BulkheadOptions,
): BoundedProvider {
  const policy = bulkhead(concurrent, Number.MAX_SAFE_INTEGER);
  let queued = 0;

  async function inLine<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (queued >= mostQueued) {
      throw new RouterError(
        'overloaded',
        `Provider ${provider.id} has as many calls in flight and in line as the configuration allows.`,
        { retryAfterSeconds: RETRY_AFTER_S, unsent: true },
      );
    }
    queued += 1;
    let waiting = true;
    const leave = (): void => {
      if (waiting) queued -= 1;
      waiting = false;
    };
    const served = (): Promise<T> => {
      leave();
      return work();
    };
    try {
      return await endingWaits((guarded) => policy.execute(guarded), served, signal);
    } catch (error) {
      throw waiting && signal.aborted ? neverSent(signal) : error;
    } finally {
      leave();
    }
  }

  function within<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (policy.executionSlots === 0) return inLine(work, signal);
    return endingWaits((guarded) => policy.execute(guarded), work, signal);
  }

  return {
    id: provider.id,
    complete: (call) => within(() => provider.complete(call), call.signal),
    stream: (call) =>
      streamWithin((work) => within(work, call.signal), {
        begin: () => provider.stream(call),
        signal: call.signal,
      }),
    load: () => ({ inFlight: concurrent - policy.executionSlots, queued }),
  };
}
