import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBundle } from '../../src/classifiers/bundle.ts';
import { createTokenKeeper, createTokenReader, isTokenText } from '../../src/classifiers/token-text.ts';
import { createWordPiece } from '../../src/classifiers/wordpiece.ts';

const MODELS = 'models';
const TEXTS = [
  'Refactor the parser: 2,048 tokens',
  'prüfe naïve Café-Rechnung n°7 — “sofort”',
  '東京の天気は 说明 근거',
  'def f(x):\n\treturn x**2 # O(n^2)\n\n\nprint(f(3))',
  '<|turns:4|> <|json|> and now <|history|> <|system|> You are a bot.',
  '🙂🙂 ok 👍🏽 zzzqqqxxxyyy',
  '## heading ##ing',
  '',
];

describe('texts kept as token ids', () => {
  const bundle = readBundle(MODELS);
  const tokenizer = createWordPiece(bundle.tokenizer, bundle.maxTokens);
  const keep = createTokenKeeper(MODELS);
  const read = createTokenReader(MODELS);

  it.each(TEXTS)('give the classifier the same ids again: %j', (text) => {
    const back = read(keep(text));
    expect([...(tokenizer?.encode(back ?? 'nothing') ?? [])]).toEqual([...(tokenizer?.encode(text) ?? [])]);
  });

  it('hold no words, digits or unknown names', () => {
    const kept = keep('Call Xqzwvyk Kjqpfgh at 4711');
    expect(kept).toMatch(/^<\|ids:[0-9a-f]{12}\|>[\d ]+$/);
    expect(isTokenText(kept)).toBe(true);
    expect(read(kept)).toContain('call');
    expect(read(kept)).not.toContain('4711');
  });

  it('are told from texts that only look like it', () => {
    for (const text of ['plain', '<|ids:0123456789ab|>1 2 x', ' <|ids:0123456789ab|>1']) {
      expect(isTokenText(text)).toBe(false);
      expect(read(text)).toBe(text);
    }
  });

  it('cannot be read without their tokenizer', () => {
    const empty = mkdtempSync(join(tmpdir(), 'models-'));
    expect(createTokenReader(empty)(keep('hello'))).toBeUndefined();
    expect(createTokenReader(join(empty, 'missing'))(keep('hello'))).toBeUndefined();
    expect(createTokenReader(empty)('hello')).toBe('hello');
  });

  it('cannot be made where no bundle is', () => {
    const empty = mkdtempSync(join(tmpdir(), 'models-'));
    mkdirSync(join(empty, 'broken'));
    writeFileSync(join(empty, 'current'), 'broken');
    expect(() => createTokenKeeper(empty)).toThrow(/missing/);
  });
});
