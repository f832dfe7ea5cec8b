/** The sums behind the alarms over sliding windows, read in small pieces that are kept: no read is long. */
import { setImmediate } from 'node:timers/promises';
import type { DriftStats, StatsWindow, Store } from '../core/store.ts';
import { perTier } from '../core/tier.ts';

/** Length of a piece. */
export const PIECE_MS = 10 * 60_000;
/** A decision is written within this time of its `at`; a piece that ended earlier is complete. */
const SETTLED_MS = 60_000;

type Counts = Readonly<Record<string, number>>;

function addCounts(all: readonly Counts[]): Counts {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

/** The sums of windows that do not overlap, as those of all of them together. */
export function addDrift(parts: readonly DriftStats[]): DriftStats {
  const sum = (value: (part: DriftStats) => number): number =>
    parts.reduce((total, part) => total + value(part), 0);
  const answered = sum(({ judge }) => judge.answered);
  const confidence = sum(({ judge }) => (judge.meanConfidence ?? 0) * judge.answered);
  return {
    local: perTier((tier) => sum(({ local }) => local[tier])),
    classified: sum(({ classified }) => classified),
    doubtful: sum(({ doubtful }) => doubtful),
    lengths: addCounts(parts.map(({ lengths }) => lengths)),
    facts: addCounts(parts.map(({ facts }) => facts)),
    judge: {
      answered,
      disagreed: sum(({ judge }) => judge.disagreed),
      meanConfidence: answered === 0 ? null : confidence / answered,
    },
  };
}

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
