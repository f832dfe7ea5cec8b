/** Divides rows into train and test by what belongs together, never by row. */
import { createHash } from 'node:crypto';
import { worldOf } from './balance.ts';
import { sameness } from './duplicates.ts';
import { normalise } from './near-duplicates.ts';
import { type DataRow, messagesOf } from './read.ts';

export const SPLIT_BY = ['conversation', 'session', 'source'] as const;
export type SplitBy = (typeof SPLIT_BY)[number];

/**
 * The conversation of a row: the one it names, or its system prompt and first question, which every later turn of the
 * same conversation repeats.
 */
function conversationOf({ row }: DataRow): string {
  if (row.conversation !== undefined) return `conversation ${row.conversation}`;
  const messages = messagesOf(row);
  const first = messages.findIndex(({ role }) => role === 'user');
  const opening = messages
    .slice(0, first === -1 ? 1 : first + 1)
    .map(({ role, content }) => `${role} ${content}`);
  return `opening ${normalise(opening.join('\n')) || opening.join('\n')}`;
}

/** The names under which a row belongs together with others. */
function ties(row: DataRow, by: SplitBy): string[] {
  const { pair, session, conversation } = row.row;
  const always = [`text ${sameness(row)}`, ...(pair === undefined ? [] : [`pair ${pair}`])];
  if (by === 'source') return [...always, `source ${worldOf(row)}`];
  if (by === 'session' && session !== undefined) {
    return [...always, `session ${session}`, ...(conversation === undefined ? [] : [conversationOf(row)])];
  }
  return [...always, conversationOf(row)];
}

/** For every row the name of its group: rows that share any tie, directly or through others, share it. */
export function groupsOf(rows: readonly DataRow[], by: SplitBy): string[] {
  const parents = new Map<string, string>();
  const root = (name: string): string => {
    let top = name;
    for (let parent = parents.get(top); parent !== undefined && parent !== top; parent = parents.get(top))
      top = parent;
    return top;
  };
  const names = rows.map((row) => ties(row, by));
  for (const [first = '', ...others] of names) {
    for (const name of [first, ...others]) {
      const [a, b] = [root(first), root(name)].sort();
      if (a === undefined || b === undefined) continue;
      parents.set(a, a);
      parents.set(b, a);
    }
  }
  return names.map(([first = '']) => root(first));
}

/** A stable number of a group, 0 to 1: the same whatever other rows there are. */
export function positionOf(group: string, seed = ''): number {
  return (
    Number.parseInt(createHash('sha1').update(`split:${seed}:${group}`).digest('hex').slice(0, 8), 16) /
    2 ** 32
  );
}

export interface Split {
  readonly train: readonly DataRow[];
  readonly test: readonly DataRow[];
  readonly groups: number;
}

/** Puts about `share` (0 to 1) of the groups into the test rows. */
export function splitRows(
  rows: readonly DataRow[],
  share: number,
  by: SplitBy = 'conversation',
  seed = '',
): Split {
  const groups = groupsOf(rows, by);
  const inTest = groups.map((group) => positionOf(group, seed) < share);
  return {
    train: rows.filter((_, at) => !inTest[at]),
    test: rows.filter((_, at) => inTest[at]),
    groups: new Set(groups).size,
  };
}
