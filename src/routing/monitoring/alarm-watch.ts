/** Looks for alarms at intervals, so that metrics can show them without reading the store at every scrape. */
import type { Clock, Logger } from '../../core/ports.ts';
import type { Store } from '../../core/store.ts';
import { type Alarm, alarmsOf, type TrainedOn } from './alarms.ts';
import { createRecentDrift, PIECE_MS } from './recent-drift.ts';

const WINDOW_MS = 24 * 3_600_000;
const CHECK_EVERY_MS = 5 * 60_000;

export interface AlarmWatchDeps {
  readonly store: Pick<Store, 'drift'>;
  readonly trainedOn: () => TrainedOn | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of the names of all alarms raised, at each check. */
  readonly tell: (raised: readonly Alarm['name'][]) => void;
}

/**
 * Compares the last day with the day before it, at once and every five minutes; a newly raised alarm is logged. A
 * check that fails is logged, and what was told before stands. `stop` gives up a check under way and waits for its read.
 */
export function startAlarmWatch(deps: AlarmWatchDeps): { check(): Promise<void>; stop(): Promise<void> } {
  const { store, trainedOn, clock, logger, tell } = deps;
  let stopped = false;
  const read: Store['drift'] = (window) =>
    stopped ? Promise.reject(new Error('the server is stopping')) : store.drift(window);
  const recent = createRecentDrift({ drift: read }, clock.now);
  let known: readonly string[] = [];
  const look = async (): Promise<void> => {
    try {
      const to = clock.now() + 1;
      const from = Math.floor((to - WINDOW_MS) / PIECE_MS) * PIECE_MS;
      const now = await recent.drift({ from, to });
      const before = await recent.drift({ from: from - WINDOW_MS, to: from });
      recent.forgetBefore(from - WINDOW_MS);
      const alarms = alarmsOf(now, before, trainedOn());
      for (const { name, says, value, bound } of alarms) {
        if (!known.includes(name)) logger.warn({ alarm: name, value, bound }, `ALARM: ${says}`);
      }
      known = alarms.map(({ name }) => name);
      tell(alarms.map(({ name }) => name));
    } catch (error) {
      if (!stopped) logger.error({ err: error }, 'the alarms could not be computed');
    }
  };
  let running = look();
  const check = (): Promise<void> => {
    running = running.then(look);
    return running;
  };
  const timer = setInterval(check, CHECK_EVERY_MS);
  timer.unref();
  return {
    check,
    stop: () => {
      stopped = true;
      clearInterval(timer);
      return running;
    },
  };
}
