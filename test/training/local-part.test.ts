import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createWordPiece } from '../../src/classifiers/wordpiece.ts';
import { type Example, parseExample } from '../../src/training/examples.ts';
import { type Fitted, fitModel, MAX_TOKENS } from '../../src/training/fit.ts';
import { localHeads } from '../../src/training/local-part.ts';
import { encodeModel } from '../../src/training/model-graph.ts';
import { createRandom } from '../../src/training/random.ts';
import { runGraph } from '../../src/training/run-graph.ts';
import { tokenizerJson } from '../../src/training/vocabulary.ts';
import { TINY_FIT, tinyExamples, tinyInput } from './tiny.ts';

const unknown = Number.NaN;

/** On the first both tiers do well, on the second only complex, on the third neither. */
const WORLD = {
  'spell the word': { simple: 1, complex: 1 },
  'compare two ways': { simple: 0, complex: 1 },
  'weigh conflicting evidence': { simple: 0, complex: 0 },
} as const;

const textOf = (ask: string, at: number): string => `ticket number ${at}: please ${ask} on monday`;

/** One answer seen of each request, of a tier drawn by chance. */
function bandit(count: number): Example[] {
  const random = createRandom(5);
  return Array.from({ length: count }, (_, at): Example => {
    const [ask = '', good] = Object.entries(WORLD)[at % 3] ?? [];
    const row = parseExample(JSON.stringify({ id: `f${at}`, prompt: textOf(ask, at) }), 'feedback');
    const weak = random.next() < 0.5;
    const seen = weak
      ? ([good?.simple ?? 0, unknown, unknown] as const)
      : ([unknown, unknown, good?.complex ?? 0] as const);
    return { ...row, seen, sufficient: [seen[0], unknown], weight: 0.7 };
  });
}

describe('localHeads', () => {
  const rows = bandit(40);
  test.each([
    ['enough rows, those of simple among them', rows, 40, [true, false]],
    ['too few rows', rows, 41, [false, false]],
    ['rows that the caps have scaled down', rows.map((row) => ({ ...row, weight: 0.1 })), 40, [false, false]],
    ['rows of which no answer was seen', tinyExamples(), 10, [false, false]],
    ['answers of complex only', rows.filter(({ seen }) => seen?.[2] === 1), 10, [false, false]],
  ] as const)('%s', (_, examples, least, wanted) => {
    expect(localHeads(examples, least)).toEqual(wanted);
  });
});

describe('the local part', () => {
  const input = tinyInput(mkdtempSync(join(tmpdir(), 'local-')));
  const local = { least: 200, boost: { ...TINY_FIT.boost, trees: 30, columnShare: 0.5 } };
  let alone: Fitted;
  let taught: Fitted;
  beforeAll(async () => {
    alone = await fitModel(input, { ...TINY_FIT, local });
    const examples = [...input.examples, ...bandit(600)];
    taught = await fitModel({ ...input, examples }, { ...TINY_FIT, local });
  });

  /** P(simple is enough) as the model file has it. */
  async function simple({ parts }: Fitted, texts: readonly string[]): Promise<number[]> {
    const tokenizer = createWordPiece(tokenizerJson(input.pretrained.vocab), MAX_TOKENS);
    const ids = texts.map((text) => tokenizer?.encode(text) ?? new Int32Array(0));
    const logits = await runGraph(encodeModel(parts), ids, { name: 'logits', columns: 3 });
    return texts.map((_, at) => Math.exp(logits[at * 3] ?? 0));
  }

  test('there is none without feedback', () => {
    expect(alone.parts.local).toBeUndefined();
    expect(alone.parts.linear.heads).toBe(7);
  });

  test('a request on which complex fails too does not count against simple', async () => {
    const asked = Object.keys(WORLD).map((ask) => textOf(ask, 1_000));
    const [both = 0, onlyComplex = 0, neither = 0] = await simple(taught, asked);
    expect(both).toBeGreaterThan(0.6);
    expect(neither).toBeGreaterThan(0.6);
    expect(onlyComplex).toBeLessThan(0.4);
  });

  test('it leaves requests alone that are not like those with feedback', async () => {
    const texts = input.examples.map(({ text }) => text);
    const [before, after] = [await simple(alone, texts), await simple(taught, texts)];
    const moved = before.map((value, at) => Math.abs(value - (after[at] ?? 0)));
    expect(moved.reduce((sum, value) => sum + value, 0) / moved.length).toBeLessThan(0.1);
  });

  test('the moderate head, of which no answer was seen, stays as it is', () => {
    expect(taught.parts.local?.heads[0]).toBeDefined();
    expect(taught.parts.local?.heads[1]).toBeUndefined();
  });

  test('the same rows give the same model', async () => {
    const again = await fitModel(
      { ...input, examples: [...input.examples, ...bandit(600)] },
      { ...TINY_FIT, local },
    );
    expect(Buffer.from(encodeModel(again.parts)).equals(Buffer.from(encodeModel(taught.parts)))).toBe(true);
  });
});
