import { describe, expect, it } from 'vitest';
import { createValidator } from '../../src/validators/index.ts';
import { trailingLoop } from '../../src/validators/repetition.ts';
import { requestOf } from '../fakes/requests.ts';
import { CONTEXT, DEPS, says } from './deps.ts';

const validator = createValidator('mine', { type: 'no_repetition' }, DEPS);
const LOOP = { ok: false, reason: 'the answer ends in a loop' };
const numbers = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

const CLAUSES = ['the first part', 'the second part', 'the third part', 'the whole of it'];
/** The same thoughts over and over, never quite in the same order. */
const circling = (turns: number): string =>
  Array.from(
    { length: turns },
    (_, turn) => `And so we see that ${CLAUSES[(turn * turn) % 3]} follows.`,
  ).join(' ');

const LOOPS: readonly (readonly [string, string, 'length' | 'stop'])[] = [
  ['one sentence', `Sure. ${'The answer is 42. '.repeat(30)}`, 'length'],
  ['one sentence, ended by itself', `Sure. ${'The answer is 42. '.repeat(60)}`, 'stop'],
  ['a last turn that is cut', `Sure. ${'The answer is 42. '.repeat(30)}The ans`, 'length'],
  [
    'a paragraph',
    'Take the eggs, beat them, and set them aside for a while in a cool place.\n\n'.repeat(6),
    'length',
  ],
  ['one word', `Yes ${'very '.repeat(100)}`, 'length'],
  ['German', `Gut. ${'Das ist die Lösung des Problems. '.repeat(12)}`, 'length'],
  ['Russian', `Да. ${'Это ответ на вопрос. '.repeat(15)}`, 'length'],
  ['Chinese', `好的。${'答案是四十二。'.repeat(40)}`, 'length'],
  ['Japanese', `はい。${'それは正しいです。'.repeat(40)}`, 'length'],
  ['Arabic', `نعم. ${'هذا هو الجواب الصحيح. '.repeat(20)}`, 'length'],
  ['exclamation marks', `It is${'!'.repeat(2_000)}`, 'length'],
  ['thoughts in circles', circling(120), 'stop'],
];

const FINE: readonly (readonly [string, string, 'length' | 'stop'])[] = [
  [
    'prose',
    'The river rises in the hills, turns west at the mill, and meets the sea below the town.',
    'stop',
  ],
  [
    'a table of numbers',
    numbers(120, (i) => `| row ${i} | ${i * 7} | ${i % 3 === 0 ? 'yes' : 'no'} |`),
    'stop',
  ],
  [
    'a table of truths',
    numbers(
      128,
      (i) => `| ${[64, 32, 16, 8, 4, 2, 1].map((bit) => (i & bit ? 'True' : 'False')).join(' | ')} |`,
    ),
    'stop',
  ],
  ['a switch in code', `\`\`\`c\n${numbers(80, (i) => `  case ${i}: return table[${i}];`)}\n\`\`\``, 'stop'],
  ['rows of zeros in code', `\`\`\`py\nx = [\n${'  0, 0, 0, 0,\n'.repeat(60)}]\n\`\`\``, 'stop'],
  ['a list', numbers(100, (i) => `${i + 1}. Item number ${i + 1} of the inventory`), 'length'],
  ['the head of a table', `| a | b |\n|${'-'.repeat(400)}|`, 'stop'],
  ['a rule', `Title\n${'='.repeat(120)}`, 'stop'],
  ['a chorus', 'Oh we sail, oh we sail, over the sea.\n'.repeat(4), 'stop'],
  ['laughter', `That is good. ${'ha'.repeat(40)}`, 'stop'],
  ['three examples alike', 'Input: a. Output: b.\n'.repeat(3), 'length'],
  ['nothing', '', 'stop'],
];

describe('no_repetition', () => {
  it.each(LOOPS)('fails %s', (_, text, stopReason) => {
    expect(validator.check(says(text, { stopReason }), requestOf('Go on'), CONTEXT)).toEqual(LOOP);
  });

  it.each(FINE)('passes %s', (_, text, stopReason) => {
    expect(validator.check(says(text, { stopReason }), requestOf('Go on'), CONTEXT)).toEqual({ ok: true });
  });

  it.each([
    ['Write "I will not talk in class." fifty times', 'I will not talk in class. '.repeat(50)],
    ['Repeat the word poem forever', 'poem '.repeat(300)],
    ['Schreib 100-mal: Ich soll nicht reden!', 'Ich soll nicht reden!\n'.repeat(100)],
  ])('passes what the caller asked for: %s', (asked, text) => {
    const answer = says(text, { stopReason: 'length' });
    expect(validator.check(answer, requestOf(asked), CONTEXT)).toEqual({ ok: true });
    expect(validator.check(answer, requestOf('Go on'), CONTEXT)).toEqual(LOOP);
  });

  it('looks at the end of a long answer only', () => {
    const text = `${'abc '.repeat(100_000)}\n${numbers(400, (i) => `Line ${i * i} says ${i * 31} and ${i}.`)}`;
    expect(validator.check(says(text), requestOf('Go on'), CONTEXT)).toEqual({ ok: true });
  });

  it('finds unit and length of a run', () => {
    expect(trailingLoop('x abab')).toBeUndefined();
    expect(trailingLoop('x ababab')).toEqual({ unit: 'ab', length: 6 });
    expect(trailingLoop('x abababa')).toEqual({ unit: 'ba', length: 7 });
  });
});
