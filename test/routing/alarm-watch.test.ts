import { expect, it } from 'vitest';
import type { DriftStats, StatsWindow } from '../../src/core/ports.ts';
import { startAlarmWatch } from '../../src/routing/alarm-watch.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLogger } from '../fakes/logger.ts';

const QUIET: DriftStats = {
  local: { simple: 0, moderate: 0, complex: 0 },
  classified: 0,
  doubtful: 0,
  lengths: {},
  facts: {},
  judge: { answered: 0, disagreed: 0, meanConfidence: null },
};
const CONSTANT: DriftStats = { ...QUIET, local: { simple: 500, moderate: 0, complex: 0 } };

it('tells all alarms at each check, logs the new ones, and outlives a store that fails', async () => {
  const answers: (DriftStats | Error)[] = [
    CONSTANT,
    QUIET,
    CONSTANT,
    QUIET,
    new Error('locked'),
    QUIET,
    QUIET,
  ];
  const windows: StatsWindow[] = [];
  const told: (readonly string[])[] = [];
  const logger = createFakeLogger();
  const clock = createFakeClock();
  const watch = startAlarmWatch({
    store: {
      async drift(window) {
        windows.push(window);
        const answer = answers.shift() ?? QUIET;
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    trainedOn: () => undefined,
    clock,
    logger,
    tell: (raised) => told.push(raised),
  });
  for (let round = 0; round < 3; round++) await watch.check();
  await watch.stop();
  expect(told).toEqual([['nearly_constant'], ['nearly_constant'], []]);
  expect(logger.entries.map(({ level }) => level)).toEqual(['warn', 'error']);
  expect(logger.entries[0]).toMatchObject({ fields: { alarm: 'nearly_constant' } });
  const day = 24 * 3_600_000;
  expect(windows.slice(0, 2)).toEqual([
    { from: clock.now() + 1 - day, to: clock.now() + 1 },
    { from: clock.now() + 1 - 2 * day, to: clock.now() + 1 - day },
  ]);
});
