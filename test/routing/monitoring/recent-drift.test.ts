import { expect, it } from 'vitest';
import { addDrift } from '../../../src/core/drift.ts';
import type { DriftStats, StatsWindow } from '../../../src/core/store.ts';
import { createRecentDrift, PIECE_MS } from '../../../src/routing/monitoring/recent-drift.ts';

/** One request a minute, all alike but for the minute. */
function requestsOf({ from, to }: StatsWindow): DriftStats {
  const count = Math.ceil(to / 60_000) - Math.ceil(from / 60_000);
  return {
    local: { simple: count, moderate: 0, complex: 0 },
    classified: count,
    doubtful: 0,
    lengths: { 8: count },
    facts: { '': count },
    tokens: { 7: count },
    judge: { answered: 0, disagreed: 0, meanConfidence: null },
  };
}

it('adds up pieces to what one read of the whole gives, and reads complete ones once', async () => {
  const reads: StatsWindow[] = [];
  let now = 100 * PIECE_MS + 1;
  const recent = createRecentDrift(
    {
      async drift(window) {
        reads.push(window);
        return requestsOf({ from: window.from, to: Math.min(window.to, now) });
      },
    },
    () => now,
  );
  const window = { from: 90 * PIECE_MS, to: now };
  expect(await recent.drift(window)).toEqual(requestsOf(window));
  expect(reads).toHaveLength(11);
  now += 5 * 60_000;
  const later = { from: 90 * PIECE_MS, to: now };
  expect(await recent.drift(later)).toEqual(requestsOf(later));
  expect(reads.slice(11).map(({ from }) => from / PIECE_MS)).toEqual([99, 100]);
  recent.forgetBefore(92 * PIECE_MS);
  await recent.drift(later);
  expect(reads.slice(13).map(({ from }) => from / PIECE_MS)).toEqual([90, 91, 100]);
});

it('weighs the mean confidence by the answers of the judge', () => {
  const part = (answered: number, meanConfidence: number | null): DriftStats => ({
    ...requestsOf({ from: 0, to: 60_000 }),
    facts: { [`<|turns:${answered}|>`]: 1 },
    judge: { answered, disagreed: 1, meanConfidence },
  });
  expect(addDrift([part(2, 0.25), part(6, 0.75), part(0, null)])).toMatchObject({
    classified: 3,
    facts: { '<|turns:0|>': 1, '<|turns:2|>': 1, '<|turns:6|>': 1 },
    judge: { answered: 8, disagreed: 3, meanConfidence: 0.625 },
  });
  expect(addDrift([]).judge.meanConfidence).toBeNull();
});
