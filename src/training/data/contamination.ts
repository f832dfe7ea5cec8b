/** Rows of a training set that an evaluation set has too. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { nearPairs, sameness } from './duplicates.ts';
import { holdsLabels, type Label, parseLabels } from './labels.ts';
import { type DataRow, dataFiles, type Problem, parseRows, textHash } from './read.ts';

/** What no row may be in. */
export interface Evaluation {
  readonly rows: readonly DataRow[];
  /** Public rows of which only a hash is known. */
  readonly labels: readonly Label[];
  readonly problems: readonly Problem[];
}

/** Reads evaluation files: rows with their text, or labels with a hash. */
export function readEvaluation(paths: readonly string[]): Evaluation {
  const parts = paths.flatMap(dataFiles).map((file) => {
    const text = readFileSync(file, 'utf8');
    return holdsLabels(text)
      ? { rows: [], ...parseLabels(text, file) }
      : { labels: [], ...parseRows(text, file) };
  });
  return {
    rows: parts.flatMap(({ rows }) => rows),
    labels: parts.flatMap(({ labels }) => labels),
    problems: parts.flatMap(({ problems }) => problems),
  };
}

/** Rows that stand, exactly or nearly, in an evaluation set. */
export function contaminated(rows: readonly DataRow[], evaluation: Evaluation, above: number): Problem[] {
  const heldOut = new Set(
    evaluation.labels.filter(({ split }) => split === 'heldout').map(({ sha256 }) => sha256),
  );
  const exact = new Map(evaluation.rows.map((row) => [sameness(row), row]));
  const problems = new Map<string, Problem>();
  const add = (where: string, says: string): void => {
    if (!problems.has(where)) problems.set(where, { where, says });
  };
  for (const row of rows) {
    const same = exact.get(sameness(row));
    if (same) add(row.where, `stands in the evaluation set at ${same.where}`);
    else if (heldOut.has(textHash(row.row))) add(row.where, 'is a held-out public row');
  }
  if (evaluation.rows.length > 0) {
    const all = [...rows, ...evaluation.rows];
    for (const { a, b, similarity } of nearPairs(all, above)) {
      const [left, right] = [all[a], all[b]];
      if (!left || !right || a >= rows.length || b < rows.length) continue;
      add(left.where, `is ${similarity.toFixed(2)} like the evaluation row ${right.where}`);
    }
  }
  return [...problems.values()];
}

/** Rows labelled otherwise than the public row with the same text. */
export function conflictsWithPublic(rows: readonly DataRow[], labels: readonly Label[]): Problem[] {
  const tiers = new Map(labels.map(({ sha256, tier }) => [sha256, tier]));
  return rows.flatMap(({ where, row }) => {
    const tier = row.tier === undefined ? undefined : tiers.get(textHash(row));
    return tier === undefined || tier === row.tier
      ? []
      : [{ where, says: `${row.tier}, but the public row with this text is ${tier}` }];
  });
}

const SPLITS = /^(train|validation|valid|dev|test|heldout|eval)\b/;

/** The split a file's name says it holds. */
function splitOf({ file }: DataRow): string | undefined {
  return SPLITS.exec(basename(file))?.[1];
}

/** Rows of one conversation, minimal pair or text that stand on both sides of a split by file name. */
export function acrossSplits(rows: readonly DataRow[], above: number): Problem[] {
  const inSplits = rows.filter((row) => splitOf(row) !== undefined);
  if (new Set(inSplits.map(splitOf)).size < 2) return [];
  const problems: Problem[] = [];
  const seen = new Map<string, DataRow>();
  for (const row of inSplits) {
    const { pair, conversation } = row.row;
    const keys = { text: sameness(row), pair, conversation };
    for (const [kind, value] of Object.entries(keys)) {
      if (value === undefined) continue;
      const first = seen.get(`${kind}:${value}`);
      if (!first) seen.set(`${kind}:${value}`, row);
      else if (splitOf(first) !== splitOf(row)) {
        problems.push({
          where: row.where,
          says: `same ${kind} as ${first.where}, on the other side of the split`,
        });
      }
    }
  }
  for (const { a, b, similarity } of nearPairs(inSplits, above)) {
    const [left, right] = [inSplits[a], inSplits[b]];
    if (!left || !right || splitOf(left) === splitOf(right) || sameness(left) === sameness(right)) continue;
    problems.push({
      where: right.where,
      says: `is ${similarity.toFixed(2)} like ${left.where}, on the other side of the split`,
    });
  }
  return problems;
}
