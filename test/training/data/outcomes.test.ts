import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type OutcomeRule,
  readOutcomeMapping,
  readOutcomes,
  sufficiencyOf,
} from '../../../src/training/data/outcomes.ts';
import { lines } from './rows.ts';

const MAPPING = { simple: ['s1', 's2', 's3'], moderate: ['m1'], complex: ['c1'] };

describe('outcome tables', () => {
  it.each<[string, Record<string, number | null>, OutcomeRule, string]>([
    ['each tier answers for itself', { s1: 0, m1: 0, c1: 1 }, 'mean', 'no no yes'],
    ['success of a tier is success of those above', { s1: 1, c1: 0 }, 'mean', 'yes yes yes'],
    ['failure of a tier is failure of those below', { m1: 0 }, 'mean', 'no no unknown'],
    ['the success counts where models contradict the order', { s1: 0, m1: 1, c1: 0 }, 'mean', 'no yes yes'],
    ['nothing above a failure is known', { s1: 0.4 }, 'mean', 'no unknown unknown'],
    ['a tier stands for its typical model', { s1: 1, s2: 0, s3: 0 }, 'mean', 'no unknown unknown'],
    ['or for its best', { s1: 1, s2: 0, s3: 0 }, 'any', 'yes yes yes'],
    ['a half is a success', { s1: 1, s2: 0 }, 'mean', 'yes yes yes'],
    [
      'absent scores and unknown models say nothing',
      { s1: null, other: 1 },
      'mean',
      'unknown unknown unknown',
    ],
  ])('%s', (_, success, rule, expected) => {
    const { simple, moderate, complex } = sufficiencyOf(success, MAPPING, rule);
    expect([simple, moderate, complex].join(' ')).toBe(expected);
  });

  it('reads a folder of tables, and says what it cannot use', () => {
    const folder = mkdtempSync(join(tmpdir(), 'outcomes-'));
    writeFileSync(
      join(folder, 'bench.jsonl'),
      lines(
        { id: 'bench/1', prompt: 'two plus two', success: { s1: 1, m1: 1, stranger: 1 } },
        { id: 'bench/2', prompt: 'prove it', success: { stranger: 0 } },
        { id: 'bench/3', prompt: 'no outcome' },
      ),
    );
    const { rows, problems, unmapped } = readOutcomes(folder, MAPPING);
    expect(rows).toEqual([
      {
        id: 'bench/1',
        source: 'bench',
        messages: [{ role: 'user', content: 'two plus two' }],
        sufficient: { simple: 'yes', moderate: 'yes', complex: 'yes' },
        weight: 2 / 3,
      },
    ]);
    expect(problems).toEqual([{ where: `${join(folder, 'bench.jsonl')}:3`, says: 'success: missing' }]);
    expect(unmapped).toEqual({ stranger: 2 });
  });

  it.each([
    ['a model in two tiers', { simple: ['a'], moderate: ['a'], complex: [] }, 'two tiers'],
    ['a missing tier', { simple: ['a'], moderate: [] }, 'complex'],
  ])('refuses a mapping with %s', (_, mapping, says) => {
    const path = join(mkdtempSync(join(tmpdir(), 'outcomes-')), 'models.json');
    writeFileSync(path, JSON.stringify(mapping));
    expect(() => readOutcomeMapping(path)).toThrow(says);
  });
});
