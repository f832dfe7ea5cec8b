import { describe, expect, test } from 'vitest';
import { openOnnxClassifier } from '../../src/classifiers/onnx.ts';
import { withMisspellings } from '../../src/training/misspellings.ts';
import { tinyBundle } from './tiny.ts';

describe('misspellings', () => {
  const words = new Map(
    ['<|start|>', '##form', 'form', 'from', 'book', 'the', 'boost'].map((word, id) => [word, id]),
  );
  const { vocab, meant } = withMisspellings(words);

  test.each([
    ['form', 'form'],
    ['from', 'from'],
    ['fomr', 'form'],
    ['frmo', 'from'],
    ['boko', 'book'],
    ['bosot', 'boost'],
    ['boots', 'boost'],
  ])('%s means %s', (written, word) => {
    expect(meant[vocab.get(written) ?? -1]).toBe(words.get(word));
  });

  test.each(['ofrm', 'hte', 'teh', '##from', 'xyzw'])('%s is none', (written) => {
    expect(vocab.has(written)).toBe(false);
  });

  test('ids go on behind those of the words', () => {
    expect([...vocab.values()]).toEqual(Array.from({ length: vocab.size }, (_, id) => id));
    expect(meant).toHaveLength(vocab.size);
  });

  test('change nothing in what a bundle answers', async () => {
    const { folder } = await tinyBundle();
    const classifier = await openOnnxClassifier(folder);
    const [right, swapped, other] = await classifier.classify(
      ['prove a tight bound', 'prvoe a tihgt bonud', 'spell a tight bound'].map((text) => ({ text })),
    );
    expect(swapped).toEqual(right);
    expect(other).not.toEqual(right);
    await classifier.close();
  });
});
