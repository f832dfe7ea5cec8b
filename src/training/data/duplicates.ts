/** Rows that say the same: exactly, nearly, or with another label. */
import { type NearPair, nearDuplicates, normalise } from './near-duplicates.ts';
import type { DataRow, Problem } from './read.ts';

/** Rows of one minimal-pair group are alike on purpose. */
export function samePair(a: DataRow, b: DataRow): boolean {
  return a.row.pair !== undefined && a.row.pair === b.row.pair;
}

/** What makes two rows the same request; punctuation alone stays as it is. */
export function sameness(row: DataRow): string {
  return normalise(row.whole) || row.whole.trim();
}

/**
 * Pairs of rows that are nearly the same, both as a whole and in what is asked now: a shared system prompt or history
 * makes no duplicate, nor does a shared "thanks" after different histories.
 */
export function nearPairs(rows: readonly DataRow[], above: number): NearPair[] {
  const exempt = (a: number, b: number): boolean => {
    const [left, right] = [rows[a], rows[b]];
    return left === undefined || right === undefined || samePair(left, right);
  };
  const whole = nearDuplicates(
    rows.map((row) => row.whole),
    { above, exempt },
  );
  const asks = [...new Set(whole.flatMap(({ a, b }) => [a, b]))];
  const place = new Map(asks.map((index, at) => [index, at]));
  const alike = new Set(
    nearDuplicates(
      asks.map((index) => rows[index]?.ask ?? ''),
      { above },
    ).map(({ a, b }) => [asks[a], asks[b]].sort((x = 0, y = 0) => x - y).join()),
  );
  return whole.filter(({ a, b }) => place.has(a) && alike.has(`${a},${b}`));
}

function grouped(rows: readonly DataRow[], key: (row: DataRow) => string): DataRow[][] {
  const groups = new Map<string, DataRow[]>();
  for (const row of rows) {
    const name = key(row);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Rows whose text stands already in another row that is not of the same minimal-pair group. */
export function exactDuplicates(rows: readonly DataRow[]): Problem[] {
  return grouped(rows, sameness).flatMap(([first, ...rest]) =>
    first
      ? rest
          .filter((row) => !samePair(first, row))
          .map((row) => ({ where: row.where, says: `same request as ${first.where}` }))
      : [],
  );
}

/** Rows with the same text and facts and another tier. */
export function labelConflicts(rows: readonly DataRow[]): Problem[] {
  const labelled = rows.filter(({ row }) => row.tier !== undefined);
  const same = (row: DataRow): string => `${sameness(row)}\n${JSON.stringify(row.row.facts ?? {})}`;
  return grouped(labelled, same).flatMap(([first, ...rest]) =>
    first
      ? rest
          .filter(({ row }) => row.tier !== first.row.tier)
          .map(({ where, row }) => ({ where, says: `${row.tier}, but ${first.row.tier} at ${first.where}` }))
      : [],
  );
}

/** Ids that name more than one row. */
export function repeatedIds(rows: readonly DataRow[]): Problem[] {
  return grouped(
    rows.filter(({ row }) => row.id !== undefined),
    ({ id }) => id,
  ).flatMap(([first, ...rest]) =>
    first ? rest.map(({ where }) => ({ where, says: `id stands already at ${first.where}` })) : [],
  );
}
