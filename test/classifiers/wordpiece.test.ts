import { PreTrainedTokenizer } from '@xenova/transformers';
import { describe, expect, test } from 'vitest';
import { createWordPiece, UNKNOWN_TOKEN } from '../../src/classifiers/wordpiece.ts';
import { HISTORY_TOKEN } from '../../src/routing/features.ts';
import { buildVocabulary, tokenizerConfig, tokenizerJson } from '../../src/training/vocabulary.ts';

const TEXTS = [
  'Refactor the parser, please: 2,048 tokens!',
  'prüfe naïve Café-Rechnung n°7 — “sofort”',
  'réfactoriser e\u0301tude',
  '東京の天気は? 说明 근거',
  'def f(x):\n\treturn x**2 # O(n^2)\n\n\nprint(f(3))',
  `<|turns:4|> and now ${HISTORY_TOKEN} <|system|> You are a bot. <x> < |pad|>`,
  '',
  '   ',
  '🙂🙂 ok 👍🏽 zzzqqqxxxyyy',
  `${'a'.repeat(60)} tail`,
];

describe('WordPiece', () => {
  const vocab = buildVocabulary({
    texts: TEXTS.slice(0, 5),
    terms: ['root cause'],
    words: 30,
    pieces: 20,
    leastCount: 1,
  });
  const json = tokenizerJson(vocab);
  const fast = createWordPiece(json, 64);
  const general = new PreTrainedTokenizer(Object(JSON.parse(JSON.stringify(json))), tokenizerConfig(64));

  test.each(TEXTS)('gives the ids of the Hugging Face tokenizer: %j', (text) => {
    expect([...(fast?.encode(text) ?? [])]).toEqual(general.encode(text));
  });

  test('cuts at the limit and never gives nothing', () => {
    expect(fast?.encode('a b '.repeat(100)).length).toBe(64);
    expect(fast?.encode('').length).toBe(1);
  });

  test('an unknown word is one unknown token', () => {
    expect([...(fast?.encode('\u{1f9ea}') ?? [])].at(-1)).toBe(vocab.get(UNKNOWN_TOKEN));
  });

  test('refuses a tokenizer it does not know', () => {
    expect(createWordPiece({ ...json, pre_tokenizer: { type: 'Whitespace' } }, 64)).toBeUndefined();
  });
});
