import { expect, it } from 'vitest';
import type { DriftStats } from '../../../src/core/store.ts';
import { startAlarmWatch } from '../../../src/routing/monitoring/alarm-watch.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createFakeLogger } from '../../fakes/logger.ts';

const QUIET: DriftStats = {
  local: { simple: 0, moderate: 0, complex: 0 },
  classified: 0,
  doubtful: 0,
  lengths: {},
  tokens: {},
  facts: {},
  judge: { answered: 0, disagreed: 0, meanConfidence: null },
};
const DAY_MS = 24 * 3_600_000;

it('tells all alarms of the last day at each check, logs the new ones, and outlives a store that fails', async () => {
  const clock = createFakeClock();
  const busy = clock.now() - 3_600_000;
  const told: (readonly string[])[] = [];
  const logger = createFakeLogger();
  let failing = false;
  const watch = startAlarmWatch({
    store: {
      async drift({ from, to }) {
        if (failing) throw new Error('locked');
        const here = from <= busy && busy < to;
        return here ? { ...QUIET, local: { simple: 500, moderate: 0, complex: 0 } } : QUIET;
      },
    },
    trainedOn: () => undefined,
    clock,
    logger,
    tell: (raised) => told.push(raised),
  });
  await watch.check();
  failing = true;
  await watch.check();
  failing = false;
  clock.advance(DAY_MS);
  await watch.check();
  expect(told).toEqual([['nearly_constant'], ['nearly_constant'], []]);
  expect(logger.entries.map(({ level }) => level)).toEqual(['warn', 'error']);
  expect(logger.entries[0]).toMatchObject({ fields: { alarm: 'nearly_constant' } });
  await watch.stop();
});

it('gives up when it is stopped, and says nothing of it', async () => {
  const logger = createFakeLogger();
  let reads = 0;
  const watch = startAlarmWatch({
    store: {
      async drift() {
        reads++;
        return QUIET;
      },
    },
    trainedOn: () => undefined,
    clock: createFakeClock(),
    logger,
    tell: () => {
      throw new Error('told after all');
    },
  });
  await watch.stop();
  expect(reads).toBeLessThan(2);
  expect(logger.entries).toEqual([]);
});
