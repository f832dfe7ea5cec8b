import { describe, expect, it } from 'vitest';
import type { ChatResponse } from '../../src/core/chat.ts';
import { createValidator, type ValidatorSpec } from '../../src/validators/index.ts';
import { USAGE } from '../fakes/provider.ts';
import { requestOf } from '../fakes/requests.ts';
import { answerOf, CONTEXT, DEPS, says } from './deps.ts';

const length = (over: Partial<Extract<ValidatorSpec, { type: 'length' }>>): ValidatorSpec => ({
  type: 'length',
  unit: 'characters',
  ...over,
});
const confidence: ValidatorSpec = { type: 'confidence', min_mean_logprob: -0.5, min_tokens: 8 };
const unsure = (mean: number, tokens = 8): ChatResponse => says('x', { logprobs: { mean, tokens } });
const CALL = answerOf({ type: 'tool_call', id: '1', name: 'f', arguments: '{}' });

type Row = readonly [string, ValidatorSpec, ChatResponse, string | undefined];
const ROWS: readonly Row[] = [
  ['characters enough', length({ min: 3 }), says('abc'), undefined],
  ['too few characters', length({ min: 3 }), says(' ab '), 'the answer has 2 characters, fewer than 3'],
  ['too many characters', length({ max: 3 }), says('abcd'), 'the answer has 4 characters, more than 3'],
  ['as many as allowed', length({ max: 3 }), says('abc'), undefined],
  ['characters beyond the basic plane', length({ max: 2 }), says('😀😀'), undefined],
  ['words', length({ unit: 'words', min: 2, max: 3 }), says('one two, three.'), undefined],
  [
    'too many words',
    length({ unit: 'words', max: 3 }),
    says('one two three four'),
    'the answer has 4 words, more than 3',
  ],
  ['Chinese words', length({ unit: 'words', min: 3 }), says('今天天气很好'), undefined],
  ['Thai words', length({ unit: 'words', min: 3 }), says('สวัสดีครับวันนี้อากาศดี'), undefined],
  [
    'tokens as the upstream counts them',
    length({ unit: 'tokens', max: 49 }),
    says('x'),
    'the answer has 50 tokens, more than 49',
  ],
  [
    'tokens without reasoning',
    length({ unit: 'tokens', max: 20 }),
    says('x', { usage: { ...USAGE, reasoningTokens: 30 } }),
    undefined,
  ],
  ['a call instead of words', length({ min: 3 }), CALL, undefined],
  ['a sure answer', confidence, unsure(-0.1), undefined],
  ['an answer at the bound', confidence, unsure(-0.5), undefined],
  ['a doubtful answer', confidence, unsure(-0.75), 'mean token log-probability -0.750, below -0.5'],
  ['a doubtful answer of few tokens', confidence, unsure(-0.75, 7), undefined],
  ['an answer of which nothing is known', confidence, says('x'), undefined],
];

describe('length and confidence', () => {
  it.each(ROWS)('judge %s', (_, spec, response, reason) => {
    const verdict = reason === undefined ? { ok: true } : { ok: false, reason };
    expect(createValidator('mine', spec, DEPS).check(response, requestOf('hi'), CONTEXT)).toEqual(verdict);
  });

  it('estimates tokens that the upstream does not report', () => {
    const validator = createValidator('mine', length({ unit: 'tokens', max: 2 }), DEPS);
    const { usage: _, ...answer } = says('x'.repeat(12));
    expect(validator.check(answer, requestOf('hi'), CONTEXT)).toMatchObject({ ok: false });
  });

  it('sees in the beginning that an answer is too long, never that it is too short', () => {
    const judge = (text: string): unknown =>
      createValidator('mine', length({ min: 3, max: 5 }), DEPS).prefix?.(
        says(text),
        requestOf('hi'),
        CONTEXT,
      );
    expect(judge('a')).toEqual({ ok: true });
    expect(judge('abcdef')).toEqual({ ok: false, reason: 'the answer has more than 5 characters' });
  });

  it('counts the words of very long answers', () => {
    const judge = (words: number): unknown =>
      createValidator('mine', length({ unit: 'words', min: 50_000, max: 50_000 }), DEPS).check(
        says('word \n'.repeat(words)),
        requestOf('hi'),
        CONTEXT,
      );
    expect(judge(50_000)).toEqual({ ok: true });
    expect(judge(50_001)).toMatchObject({ ok: false });
  });

  it('says what it reads, so that the model is asked for it', () => {
    expect(createValidator('mine', confidence, DEPS).reads).toBe('logprobs');
  });
});

describe('labels', () => {
  it('see in the beginning what is longer than any of them', () => {
    const spec: ValidatorSpec = { type: 'labels', labels: ['bug'], case_sensitive: false };
    const judge = (text: string): unknown =>
      createValidator('mine', spec, DEPS).prefix?.(says(text), requestOf('hi'), CONTEXT);
    expect(judge('It is a')).toEqual({ ok: true });
    expect(judge('It is a bug because '.repeat(10))).toMatchObject({ ok: false });
  });
});
