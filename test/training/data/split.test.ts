import { describe, expect, it } from 'vitest';
import { parseRows } from '../../../src/training/data/read.ts';
import { groupsOf, type SplitBy, splitRows } from '../../../src/training/data/split.ts';
import { lines } from './rows.ts';

const user = (content: string) => ({ role: 'user' as const, content });
const assistant = (content: string) => ({ role: 'assistant' as const, content });

function rowsOf(...rows: readonly object[]) {
  return parseRows(lines(...(rows as Record<string, unknown>[])), 'a.jsonl').rows;
}

function together(by: SplitBy, ...rows: readonly object[]): boolean {
  return new Set(groupsOf(rowsOf(...rows), by)).size === 1;
}

describe('data:split', () => {
  it.each<[string, SplitBy, object[], boolean]>([
    [
      'rows of a conversation',
      'conversation',
      [
        { prompt: 'a', conversation: 'c' },
        { prompt: 'b', conversation: 'c' },
      ],
      true,
    ],
    [
      'rows of a pair',
      'conversation',
      [
        { prompt: 'a', pair: 'p' },
        { prompt: 'b', pair: 'p' },
      ],
      true,
    ],
    ['the same text', 'conversation', [{ prompt: 'Hello there' }, { prompt: 'hello, there' }], true],
    [
      'later turns of a conversation without a name',
      'conversation',
      [{ prompt: 'open the log' }, { messages: [user('open the log'), assistant('done'), user('and now?')] }],
      true,
    ],
    [
      'rows tied through others',
      'conversation',
      [
        { prompt: 'a', pair: 'p' },
        { prompt: 'b', conversation: 'c' },
        { prompt: 'c', pair: 'p', conversation: 'c' },
      ],
      true,
    ],
    ['unlike rows', 'conversation', [{ prompt: 'a' }, { prompt: 'b' }], false],
    [
      'conversations of a session',
      'conversation',
      [
        { prompt: 'a', session: 's' },
        { prompt: 'b', session: 's' },
      ],
      false,
    ],
    [
      'conversations of a session',
      'session',
      [
        { prompt: 'a', session: 's' },
        { prompt: 'b', session: 's' },
      ],
      true,
    ],
    [
      'rows of a world',
      'source',
      [
        { prompt: 'a', world: 'w' },
        { prompt: 'b', world: 'w' },
      ],
      true,
    ],
    [
      'rows of two worlds',
      'source',
      [
        { prompt: 'a', world: 'w' },
        { prompt: 'b', world: 'v' },
      ],
      false,
    ],
  ])('%s by %s', (_, by, rows, expected) => {
    expect(together(by, ...rows)).toBe(expected);
  });

  const many = Array.from({ length: 2_000 }, (_, at) => ({
    prompt: `request number ${at}`,
    conversation: `c${at >> 1}`,
  }));

  it('puts about the wanted share on the test side, never half a conversation', () => {
    const { train, test, groups } = splitRows(rowsOf(...many), 0.2);
    expect(groups).toBe(1_000);
    expect(train.length + test.length).toBe(2_000);
    expect(test.length / 2_000).toBeGreaterThan(0.16);
    expect(test.length / 2_000).toBeLessThan(0.24);
    const inTest = new Set(test.map(({ row }) => row.conversation));
    expect(train.some(({ row }) => inTest.has(row.conversation))).toBe(false);
  });

  it('leaves every row on its side when others come or go', () => {
    const ids = (rows: readonly object[]) =>
      new Set(splitRows(rowsOf(...rows), 0.2).test.map(({ id }) => id));
    const [all, some] = [ids(many), ids(many.slice(500, 1_500))];
    expect(some.size).toBeGreaterThan(0);
    expect([...some].every((id) => all.has(id))).toBe(true);
  });

  it('divides otherwise with another seed', () => {
    const rows = rowsOf(...many);
    const sides = ['', 'other'].map((seed) =>
      splitRows(rows, 0.2, 'conversation', seed)
        .test.map(({ id }) => id)
        .join(),
    );
    expect(sides[0]).not.toBe(sides[1]);
  });
});
