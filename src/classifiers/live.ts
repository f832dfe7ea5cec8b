/** A classifier that is exchanged while it serves: loaded, tried, swapped; the old one goes when its last call ended. */
import type { Classifier, Logger } from '../core/ports.ts';
import { withDrain } from './drain.ts';
import { openTried } from './trial.ts';

/** How an attempt to load a bundle ended. */
export interface Reloaded {
  readonly status: 'loaded' | 'failed';
  /** Id of the bundle that serves now; absent where none does. */
  readonly serving?: string;
  /** Id of the bundle that served before. */
  readonly previous?: string;
  /** Why the new one was refused. */
  readonly reason?: string;
}

export interface LiveClassifier {
  /** The bundle that serves now. Hold it for one decision only: it is closed after its last call once replaced. */
  current(): Classifier | undefined;
  /**
   * Loads what the path names now. Never rejects: where that fails the old one goes on serving. Calls that come while
   * one is loading share the next load, so what was on disk before the call is what gets loaded, or something newer.
   */
  reload(): Promise<Reloaded>;
  /** Reloads if the pointer has changed since it was last looked at. Never rejects. */
  reloadIfMoved(): Promise<void>;
  /** Waits for the calls in flight. Idempotent. */
  close(): Promise<void>;
}

export interface LiveDeps {
  readonly open: () => Promise<Classifier>;
  /** Changes when the pointer does. */
  readonly pointer: () => Promise<string | undefined>;
  /** What happens while nothing serves, for the log. */
  readonly without: string;
  readonly logger: Logger;
}

/** Starts without a classifier; the first `reload` brings one. */
export function createLiveClassifier({ open, pointer, without, logger }: LiveDeps): LiveClassifier {
  let serving: Classifier | undefined;
  let seen: string | undefined;
  let closed = false;
  let running: Promise<Reloaded> | undefined;
  let waiting: Promise<Reloaded> | undefined;

  function retire(old: Classifier): void {
    old.close().catch((error: unknown) => {
      logger.error({ classifier: old.id, cause: String(error) }, 'a replaced classifier could not be closed');
    });
  }

  function swap(fresh: Classifier): Reloaded {
    const old = serving;
    serving = fresh;
    if (old) retire(old);
    const previous = old === undefined ? {} : { previous: old.id };
    logger.info({ classifier: fresh.id, ...previous }, 'classifier loaded');
    return { status: 'loaded', serving: fresh.id, ...previous };
  }

  async function load(): Promise<Reloaded> {
    seen = await pointer();
    try {
      const fresh = withDrain(await openTried(open));
      if (!closed) return swap(fresh);
      await fresh.close();
      throw new Error('the server is stopping');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const still = serving === undefined ? {} : { serving: serving.id, previous: serving.id };
      const instead = serving ? `${serving.id} goes on serving` : without;
      logger.error({ ...still, reason }, `THE CLASSIFIER CANNOT LOAD: ${instead} until this is mended`);
      return { status: 'failed', ...still, reason };
    }
  }

  function reload(): Promise<Reloaded> {
    if (!running) {
      running = load().finally(() => {
        running = undefined;
      });
      return running;
    }
    waiting ??= running.then(() => {
      waiting = undefined;
      return reload();
    });
    return waiting;
  }

  return {
    current: () => serving,
    reload,
    async reloadIfMoved() {
      const now = await pointer();
      if (now !== undefined && now !== seen && !running) await reload();
    },
    async close() {
      closed = true;
      await serving?.close();
      await running;
    },
  };
}
