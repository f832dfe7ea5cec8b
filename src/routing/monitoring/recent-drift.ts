/** The sums behind the alarms over sliding windows, read in small pieces that are kept: no read is long. */
import { setImmediate } from 'node:timers/promises';
import { addDrift } from '../../core/drift.ts';
import type { DriftStats, StatsWindow, Store } from '../../core/store.ts';

/** Length of a piece. */
export const PIECE_MS = 10 * 60_000;
/** A decision is written within this time of its `at`; a piece that ended earlier is complete. */
const SETTLED_MS = 60_000;

/**
 * `drift` of a store for windows that move with the clock. Pieces of ten minutes are read one by one, other work going
 * on between them, and those that are complete are read once. The window's start is rounded down to a piece.
 */
export function createRecentDrift(
  store: Pick<Store, 'drift'>,
  now: () => number,
): { drift(window: StatsWindow): Promise<DriftStats>; forgetBefore(at: number): void } {
  const kept = new Map<number, DriftStats>();
  const piece = async (from: number): Promise<DriftStats> => {
    const known = kept.get(from);
    if (known) return known;
    await setImmediate();
    const read = await store.drift({ from, to: from + PIECE_MS });
    if (from + PIECE_MS <= now() - SETTLED_MS) kept.set(from, read);
    return read;
  };
  return {
    async drift({ from, to }) {
      const parts: DriftStats[] = [];
      for (let at = Math.floor(from / PIECE_MS) * PIECE_MS; at < to; at += PIECE_MS)
        parts.push(await piece(at));
      return addDrift(parts);
    },
    forgetBefore(at) {
      for (const from of kept.keys()) if (from + PIECE_MS <= at) kept.delete(from);
    },
  };
}
