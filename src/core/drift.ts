/** Adding up what is read in pieces. */
import type { DriftStats } from './store.ts';
import { perTier } from './tier.ts';

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
    tokens: addCounts(parts.map(({ tokens }) => tokens)),
    judge: {
      answered,
      disagreed: sum(({ judge }) => judge.disagreed),
      meanConfidence: answered === 0 ? null : confidence / answered,
    },
  };
}
