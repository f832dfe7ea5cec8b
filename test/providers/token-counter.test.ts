import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { createTokenCounter } from '../../src/providers/token-counter.ts';

const count = createTokenCounter();
const PROSE = 'The quick brown fox jumps over the lazy dog, "quoted" & 12345 numbers: foo_bar.\n'.repeat(300);

describe('the token counter', () => {
  it.each([
    ['nothing', ''],
    ['a word', 'hello'],
    ['prose', PROSE],
    ['code', 'export function add(a: number, b: number): number {\n  return a + b;\n}\n'.repeat(200)],
    [
      'German',
      'Die Donaudampfschifffahrtsgesellschaft fährt täglich über die schöne blaue Donau. '.repeat(100),
    ],
  ])('counts %s as the tokenizer does', async (_, text) => {
    expect(await count(text)).toBe(countTokens(text));
  });

  it.each([
    ['Chinese', '敏捷的棕色狐狸跳过了懒狗。'.repeat(100)],
    ['digits and letters without a blank', 'a1b2c3'.repeat(500)],
  ])('counts %s within 3 % of it', async (_, text) => {
    const exact = countTokens(text);
    expect(Math.abs((await count(text)) - exact)).toBeLessThanOrEqual(0.03 * exact);
  });

  it('takes a special token for plain text', async () => {
    expect(await count('<|endoftext|> <|im_start|>')).toBeGreaterThan(4);
  });

  it('lets other work have its turn within a long text, even one without any blank', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await count('x'.repeat(400_000));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});
