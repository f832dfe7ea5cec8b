import type { Clock } from '../../src/core/ports.ts';

export interface FakeClock extends Clock {
  advance(ms: number): void;
}

/** A clock that stands still until it is advanced. `now` starts at 2026-01-15T12:00:00Z, `monotonic` at 0. */
export function createFakeClock(): FakeClock {
  let elapsed = 0;
  return {
    now: () => Date.UTC(2026, 0, 15, 12) + elapsed,
    monotonic: () => elapsed,
    advance: (ms) => {
      elapsed += ms;
    },
  };
}
