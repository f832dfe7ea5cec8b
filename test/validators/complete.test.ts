import { describe, expect, it } from 'vitest';
import type { ChatRequest, ChatResponse } from '../../src/core/chat.ts';
import { createValidator } from '../../src/validators/index.ts';
import { requestOf } from '../fakes/requests.ts';
import { CONTEXT, DEPS, says } from './deps.ts';

const CUT = 'the answer was cut off at its output limit';
const FENCE = 'the answer leaves a code block open';
const JSON_CUT = 'the JSON of the answer is cut off';
const PREFILLED: Partial<ChatRequest> = {
  messages: [
    { role: 'user', content: [{ type: 'text', text: 'As JSON' }] },
    { role: 'assistant', content: [{ type: 'text', text: '{' }] },
  ],
};

type Row = readonly [string, ChatResponse, string | undefined, Partial<ChatRequest>?];
const ROWS: readonly Row[] = [
  ['a whole sentence', says('Done.'), undefined],
  ['no full stop', says('Paris'), undefined],
  ['a sentence that breaks off by itself', says('And then the'), undefined],
  ['an output limit', says('And then the', { stopReason: 'length' }), CUT],
  ['an output limit after a full stop', says('Done.', { stopReason: 'length' }), CUT],
  ['a ceiling of the caller', says('And', { stopReason: 'length' }), CUT, { maxOutputTokens: 1 }],
  ['a closed block', says('Here:\n```js\nx();\n```\nDone.'), undefined],
  ['an open block', says('Here:\n```js\nx();\n'), FENCE],
  ['an open block of tildes', says('~~~\nx'), FENCE],
  ['a block within a list', says('1. this:\n   ```sh\n   ls\n   ```\n2. that'), undefined],
  ['a block in a Markdown block', says('````md\n```js\nx\n```\n````'), undefined],
  ['a Markdown block with inner fences of its own length', says('```md\n```js\nx\n```\n```'), undefined],
  ['a block that begins within a line', says('Run ```js\nx()\n```'), undefined],
  ['inline code', says('Use `a` and `b`'), undefined],
  ['whole JSON', says('{"a": [1, {"b": "}"}]}'), undefined],
  ['JSON with words after it', says('{"a": 1} as you wished {'), undefined],
  ['half JSON', says('{"a": [1, {"b": "}'), JSON_CUT],
  ['half a list', says('[{"a": 1}, {"a":'), JSON_CUT],
  ['a quoted quote', says('{"a": "say \\"x\\" {"}'), undefined],
  ['prose in brackets', says('[Note: the rest is missing'), undefined],
  ['a brace of code', says('{ x => x'), undefined],
  ['half JSON before a stop sequence', says('{"a": ', { stopReason: 'stop_sequence' }), undefined],
  ['half JSON where the caller sets stops', says('{"a": 1'), undefined, { stop: ['}'] }],
  ['words that go on from the caller’s', says('"a": 1}\n```'), undefined, PREFILLED],
];

describe('complete', () => {
  const validator = createValidator('mine', { type: 'complete', at_ceiling: 'fail' }, DEPS);
  it.each(ROWS.map((row) => ({ name: row[0], row })))('judges $name', ({ row }) => {
    const [, response, reason, over = {}] = row;
    const verdict = reason === undefined ? { ok: true } : { ok: false, reason };
    expect(validator.check(response, requestOf('hi', over), CONTEXT)).toEqual(verdict);
  });

  it('may let pass what fills the ceiling that was asked for, and nothing else', () => {
    const lenient = createValidator('mine', { type: 'complete', at_ceiling: 'pass' }, DEPS);
    const cut = says('And', { stopReason: 'length' });
    expect(lenient.check(cut, requestOf('hi', { maxOutputTokens: 1 }), CONTEXT)).toEqual({ ok: true });
    expect(lenient.check(cut, requestOf('hi'), CONTEXT)).toMatchObject({ ok: false });
  });

  it('reads long answers in linear time', () => {
    const text = `{"a": "${'\\"'.repeat(500_000)}"}`;
    expect(validator.check(says(text), requestOf('hi'), CONTEXT)).toEqual({ ok: true });
  });
});
