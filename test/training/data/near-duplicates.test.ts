import { describe, expect, it } from 'vitest';
import { jaccard, nearDuplicates, normalise, shingles } from '../../../src/training/data/near-duplicates.ts';
import { createRandom } from '../../../src/training/random.ts';

const similarity = (a: string, b: string): number => jaccard(shingles(normalise(a)), shingles(normalise(b)));

describe('near-duplicates', () => {
  it.each([
    ['Ship it to Kraków!', 'ship it to kraków', 1],
    ['abcdef', 'abcdeg', 1 / 3],
    ['completely different words', 'nothing in common here', 0],
    ['ja', 'ja', 1],
  ])('compares %j with %j', (a, b, expected) => {
    expect(similarity(a, b)).toBeCloseTo(expected, 10);
  });

  it('folds width, case and punctuation', () => {
    expect(normalise(' Ｈｅｌｌｏ,\n  WORLD — 42!')).toBe('hello world 42');
  });

  it('finds the pairs that comparing all with all finds', () => {
    const random = createRandom(7);
    const words = Array.from(
      { length: 400 },
      (_, at) => `w${at.toString(36)}${random.below(97).toString(36)}`,
    );
    const text = (): string[] => Array.from({ length: 40 }, () => words[random.below(words.length)] ?? '');
    const texts = Array.from({ length: 120 }, () => text()).flatMap((base) => {
      const changes = random.below(12);
      const changed = base.map((word, at) => (at < changes ? `${word}changed` : word));
      return [base.join(' '), changed.join(' ')];
    });
    const sets = texts.map((content) => shingles(normalise(content)));
    const expected = sets.flatMap((a, at) =>
      sets.flatMap((b, other) => (other > at && jaccard(a, b) > 0.65 ? [`${at},${other}`] : [])),
    );
    const found = nearDuplicates(texts, { above: 0.65 }).map(({ a, b }) => `${a},${b}`);
    expect(expected.length).toBeGreaterThan(60);
    expect(found).toEqual(expected);
  });

  it('leaves out exempt pairs', () => {
    const texts = [
      'please summarise the minutes',
      'please summarise the minutes',
      'please summarise the minutes',
    ];
    expect(nearDuplicates(texts, { above: 0.6, exempt: (a) => a === 0 }).map(({ a, b }) => [a, b])).toEqual([
      [1, 2],
    ]);
  });
});
