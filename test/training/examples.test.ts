import { describe, expect, test } from 'vitest';
import { foldOf, isHeldOut, parseExamples, RowError, sufficiencyOf } from '../../src/training/examples.ts';
import { parseLexicon } from '../../src/training/lexicon.ts';
import { sampleBySource } from '../../src/training/outcomes.ts';
import { PERTURBATIONS, perturbLast } from '../../src/training/perturb.ts';

describe('rows', () => {
  test('a prompt and a conversation of one turn are the same text', () => {
    const [a, b] = parseExamples(
      '{"prompt":"spell it"}\n\n{"messages":[{"role":"user","content":[{"type":"text","text":"spell it"}]}]}',
      'rows',
      'here',
    );
    expect(a?.text).toBe('spell it');
    expect(b?.text).toBe(a?.text);
    expect(a?.id).toMatch(/^[0-9a-f]{12}$/);
    expect(a?.source).toBe('here');
  });

  test.each([
    ['{"prompt":"a","messages":[{"role":"user","content":"b"}]}', 'rows:1: row: exactly one'],
    ['{"prompt":"a","tier":"hard"}', 'rows:1: tier'],
    ['\n{', 'rows:2: not JSON'],
  ])('names line and field of %s', (text, message) => {
    expect(() => parseExamples(text, 'rows', 'x')).toThrow(RowError);
    expect(() => parseExamples(text, 'rows', 'x')).toThrow(message);
  });

  test('splits are stable and of the right size', () => {
    const ids = Array.from({ length: 4_000 }, (_, index) => `row-${index}`);
    const held = ids.filter(isHeldOut).length / ids.length;
    expect(held).toBeGreaterThan(0.17);
    expect(held).toBeLessThan(0.23);
    expect(new Set(ids.map((id) => foldOf(id, 5))).size).toBe(5);
    expect(foldOf('row-1', 5)).toBe(foldOf('row-1', 5));
  });

  test('a label is an answer for every tier', () => {
    expect(sufficiencyOf('simple')).toEqual([1, 1]);
    expect(sufficiencyOf('moderate')).toEqual([0, 1]);
    expect(sufficiencyOf('complex')).toEqual([0, 0]);
  });
});

describe('outcome tables', () => {
  test('samples are stable and per source', () => {
    const rows = parseExamples(
      Array.from({ length: 30 }, (_, at) => `{"prompt":"p${at}","source":"s${at % 3}"}`).join('\n'),
      'rows',
      'x',
    );
    const sample = sampleBySource(rows, 4);
    expect(sample).toHaveLength(12);
    expect(
      sampleBySource([...rows].reverse(), 4)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(sample.map(({ id }) => id).sort());
  });
});

describe('perturbations', () => {
  test('change only the last user turn, and a typo keeps the letters', () => {
    const messages = [
      { role: 'user' as const, content: 'first question here' },
      { role: 'assistant' as const, content: 'answer' },
      { role: 'user' as const, content: 'explain the second question' },
    ];
    const changed = perturbLast(messages, PERTURBATIONS.typo ?? String, 7);
    expect(changed.slice(0, 2)).toEqual(messages.slice(0, 2));
    expect(changed[2]?.content).not.toBe(messages[2]?.content);
    expect([...(changed[2]?.content ?? '')].sort()).toEqual([...(messages[2]?.content ?? '')].sort());
  });
});

test('a lexicon line that is not a term and eight digits is refused', () => {
  expect(parseLexicon('# comment\nroot cause\t79360020\n').get('root cause')?.[1]).toBe(1);
  expect(() => parseLexicon('prove 99205000')).toThrow('line 1');
});
