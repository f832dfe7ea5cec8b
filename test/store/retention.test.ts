import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ForgetSelector, Forgotten } from '../../src/core/store.ts';
import { startRetention } from '../../src/store/retention.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const NOTHING: Forgotten = { decisions: 0, outcomes: 0, feedback: 0 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function start(forget: (selector: ForgetSelector) => Promise<Forgotten>) {
  const log: string[] = [];
  const at =
    (level: string) =>
    (_: unknown, message: string): void => {
      log.push(`${level} ${message}`);
    };
  const logger = { info: at('info'), warn: at('warn'), error: at('error') };
  const clock = { now: () => 10 * DAY + Date.now(), monotonic: () => 0 };
  vi.setSystemTime(0);
  return { retention: startRetention({ store: { forget }, days: 3, clock, logger }), log };
}

it('deletes what is older at once and every hour, until it is stopped', async () => {
  const asked: ForgetSelector[] = [];
  const { retention, log } = start(async (selector) => {
    asked.push(selector);
    return { ...NOTHING, decisions: asked.length - 1 };
  });
  await vi.advanceTimersByTimeAsync(2 * HOUR);
  expect(asked).toEqual([{ before: 7 * DAY }, { before: 7 * DAY + HOUR }, { before: 7 * DAY + 2 * HOUR }]);
  expect(log).toHaveLength(2);
  await retention.stop();
  await vi.advanceTimersByTimeAsync(5 * HOUR);
  expect(asked).toHaveLength(3);
});

it('tries again after a failure, which it logs', async () => {
  let asked = 0;
  const { retention, log } = start(async () => {
    asked++;
    throw new Error('locked');
  });
  await vi.advanceTimersByTimeAsync(HOUR);
  await retention.stop();
  expect(asked).toBe(2);
  expect(log[0]).toMatch(/^error /);
});
