/** Everything `data:check` looks at, as one report. */
import {
  type Balance,
  balanceBy,
  type Counts,
  count,
  imbalances,
  languageOf,
  shortfalls,
  worldOf,
} from './balance.ts';
import type { CheckConfig } from './check-config.ts';
import { acrossSplits, conflictsWithPublic, contaminated, type Evaluation } from './contamination.ts';
import { exactDuplicates, labelConflicts, nearPairs, repeatedIds, sameness, samePair } from './duplicates.ts';
import type { Problem, ReadRows } from './read.ts';
import { type FindSensitive, sensitiveRows } from './sensitive.ts';

export interface CheckLine {
  readonly check: string;
  /** What was found, in numbers. */
  readonly found: string;
  readonly ok: boolean;
  readonly problems: readonly Problem[];
}

export interface CheckReport {
  readonly ok: boolean;
  readonly counts: Counts;
  readonly lines: readonly CheckLine[];
  readonly worlds: readonly Balance[];
  readonly languages: readonly Balance[];
}

export interface CheckInput {
  readonly read: ReadRows;
  readonly config: CheckConfig;
  readonly evaluation: Evaluation;
  readonly findSensitive: FindSensitive;
}

function line(check: string, problems: readonly Problem[], found = String(problems.length)): CheckLine {
  return { check, found, ok: problems.length === 0, problems };
}

function nearLine({ read: { rows }, config }: CheckInput): CheckLine {
  const pairs = nearPairs(rows, config.similarity).flatMap(({ a, b, similarity }) => {
    const [left, right] = [rows[a], rows[b]];
    return left && right && sameness(left) !== sameness(right) && !samePair(left, right)
      ? [{ left, right, similarity }]
      : [];
  });
  const problems = pairs.map(({ left, right, similarity }) => ({
    where: right.where,
    says: `${similarity.toFixed(2)} like ${left.where}`,
  }));
  const doubled = new Set(problems.map(({ where }) => where)).size;
  const share = rows.length === 0 ? 0 : doubled / rows.length;
  const bound = config.near_duplicate_share;
  return {
    check: 'near-duplicates',
    found: `${doubled} (${(share * 100).toFixed(2)} %, at most ${bound * 100} %)`,
    ok: share <= bound,
    problems,
  };
}

/** Checks rows. Reads nothing and writes nothing. */
export function checkRows(input: CheckInput): CheckReport {
  const { read, config, evaluation, findSensitive } = input;
  const { rows } = read;
  const counts = count(rows);
  const sensitive = sensitiveRows(rows, findSensitive, config);
  const excused = Object.entries(sensitive.allowed).map(([kind, number]) => `${number} ${kind} excused`);
  const conflicts = [...labelConflicts(rows), ...conflictsWithPublic(rows, evaluation.labels)];
  const foreign = [
    ...contaminated(rows, evaluation, config.similarity),
    ...acrossSplits(rows, config.similarity),
  ];
  const lines = [
    line('schema', [...read.problems, ...evaluation.problems]),
    line('repeated ids', repeatedIds(rows)),
    line('exact duplicates', exactDuplicates(rows)),
    nearLine(input),
    line('label conflicts', conflicts),
    line('contamination', foreign),
    line(
      'secrets and personal data',
      sensitive.problems,
      [String(sensitive.problems.length), ...excused].join(', '),
    ),
    line('balance', imbalances(rows, config)),
    line('minima', shortfalls(counts, config.minima)),
  ];
  return {
    ok: lines.every(({ ok }) => ok),
    counts,
    lines,
    worlds: balanceBy(rows, worldOf),
    languages: balanceBy(rows, languageOf),
  };
}
