import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { failureOf, outcomeTargets, readOutcomeModels, readOutcomes } from '../../src/training/outcomes.ts';

const MODELS = { simple: ['s1', 's2'], moderate: ['m1'], complex: ['c1'] };
const unknown = Number.NaN;

describe('outcome tables', () => {
  test.each<[string, Record<string, number>, readonly [number, number]]>([
    ['each tier answers for itself, by the mean of its models', { s1: 1, s2: 0, m1: 1, c1: 1 }, [0.5, 1]],
    ['success of simple is success of moderate', { s1: 1, m1: 0 }, [1, 1]],
    ['failure of moderate says nothing of simple, which was not asked', { m1: 0 }, [unknown, 0]],
    ['where only simple was asked moderate is unknown', { s1: 0 }, [0, unknown]],
    ['models without a tier say nothing', { other: 1 }, [unknown, unknown]],
  ])('%s', (_, success, expected) => {
    expect(outcomeTargets(success, MODELS)).toEqual(expected);
  });

  test('a folder of tables, each named after its file; a score of null is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'outcomes-'));
    writeFileSync(
      join(folder, 'bench.jsonl'),
      '{"id":"bench/1","prompt":"two plus two","success":{"s1":1,"m1":0.5,"c1":null}}\n',
    );
    const [row, ...rest] = readOutcomes(folder);
    expect(row).toMatchObject({ id: 'bench/1', source: 'outcomes/bench', success: { s1: 1, m1: 0.5 } });
    expect(rest).toEqual([]);
    expect(failureOf(row?.success)).toBe(0.25);
    expect(readOutcomes(join(folder, 'absent'))).toEqual([]);
    expect(failureOf(undefined)).toBeNaN();
  });

  test.each([
    ['a model in two tiers', { simple: ['a'], moderate: ['a'], complex: [] }, 'two tiers'],
    ['a missing tier', { simple: ['a'], moderate: [] }, 'complex'],
    ['a tier there is not', { simple: [], moderate: [], complex: [], huge: [] }, 'huge'],
  ])('refuses a mapping with %s, naming the file', (_, mapping, says) => {
    const path = join(mkdtempSync(join(tmpdir(), 'outcomes-')), 'models.json');
    writeFileSync(path, JSON.stringify(mapping));
    expect(() => readOutcomeModels(path)).toThrow(says);
    expect(() => readOutcomeModels(path)).toThrow(path);
  });
});
