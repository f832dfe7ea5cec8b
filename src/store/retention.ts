/** Deletes what is older than it may be kept: at once, and every hour until it is stopped. */
import type { Clock, Logger } from '../core/ports.ts';
import type { Store } from '../core/store.ts';

const DAY_MS = 86_400_000;
const SWEEP_EVERY_MS = 3_600_000;

export interface RetentionDeps {
  readonly store: Pick<Store, 'forget'>;
  readonly days: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Starts sweeping. `stop` waits for a sweep under way; a sweep that fails is logged and tried again in an hour. */
export function startRetention({ store, days, clock, logger }: RetentionDeps): { stop(): Promise<void> } {
  const sweep = async (): Promise<void> => {
    try {
      const deleted = await store.forget({ before: clock.now() - days * DAY_MS });
      if (deleted.decisions > 0) logger.info({ ...deleted, days }, 'decisions past their retention deleted');
    } catch (error) {
      logger.error({ err: error }, 'decisions past their retention could not be deleted');
    }
  };
  let running = sweep();
  const timer = setInterval(() => {
    running = running.then(sweep);
  }, SWEEP_EVERY_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      return running;
    },
  };
}
