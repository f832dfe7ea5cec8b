import { describe, expect, it } from 'vitest';
import type { ChatResponse, Part } from '../../src/core/chat.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { createValidator, type ValidatorSpec } from '../../src/validators/index.ts';
import { requestOf } from '../fakes/requests.ts';
import { answerOf, CONTEXT, DEPS, says } from './deps.ts';

const OPAQUE: Part = { type: 'opaque', dialect: 'anthropic-messages', kind: 'document', raw: {} };
const CALL: Part = { type: 'tool_call', id: 'x', name: 'f', arguments: '{}' };

const SCHEMA: JsonObject = {
  type: 'object',
  required: ['total', 'day'],
  additionalProperties: false,
  properties: { total: { type: 'number', minimum: 0 }, day: { type: 'string', format: 'date' } },
};

type Row = readonly [string, ChatResponse, string | undefined];
const TABLES: readonly { readonly spec: ValidatorSpec; readonly rows: readonly Row[] }[] = [
  {
    spec: { type: 'non_empty' },
    rows: [
      ['text', says('x'), undefined],
      ['no text', says(''), 'the answer is empty'],
      ['only space', says(' \n\t'), 'the answer is empty'],
      ['no parts', answerOf(), 'the answer is empty'],
      ['a tool call', answerOf(CALL), undefined],
      ['a part of its own format', answerOf(OPAQUE), undefined],
      ['only thinking', answerOf({ type: 'thinking', text: 'hm' }), 'the answer is empty'],
      ['only a refusal', answerOf({ type: 'refusal', text: 'no' }), 'the answer is empty'],
    ],
  },
  {
    spec: { type: 'json' },
    rows: [
      ['an object', says('{"a": [1, null]}'), undefined],
      ['a number', says('3'), undefined],
      ['space around', says('\n {} \n'), undefined],
      ['a fence', says('```json\n{"a": 1}\n```'), undefined],
      ['a plain fence', says('```\n[]\n```\n'), undefined],
      ['a capital fence', says('```JSON\n{}\n```'), undefined],
      [
        'pieces that belong together',
        answerOf({ type: 'text', text: '{"a"' }, { type: 'text', text: ':1}' }),
        undefined,
      ],
      ['prose', says('Here it is: {}'), 'the answer is not valid JSON'],
      ['half', says('{"a":'), 'the answer is not valid JSON'],
      ['two values', says('{} {}'), 'the answer is not valid JSON'],
      ['single quotes', says("{'a': 1}"), 'the answer is not valid JSON'],
      ['nothing', says(''), 'the answer has no text'],
      ['an empty fence', says('```json\n```'), 'the answer has no text'],
      ['a tool call instead', answerOf(CALL), undefined],
    ],
  },
  {
    spec: { type: 'json_schema', schema: SCHEMA },
    rows: [
      ['what fits', says('{"total": 1.5, "day": "2026-01-15"}'), undefined],
      ['a missing key', says('{"total": 1}'), "the JSON at / must have required property 'day'"],
      ['a wrong type', says('{"total": "1", "day": "2026-01-15"}'), 'the JSON at /total must be number'],
      [
        'a wrong format',
        says('{"total": 1, "day": "tomorrow"}'),
        'the JSON at /day must match format "date"',
      ],
      [
        'a key too many',
        says('{"total": 1, "day": "2026-01-15", "x": 1}'),
        'the JSON at / must NOT have additional properties',
      ],
      ['another value', says('[]'), 'the JSON at / must be object'],
      ['no JSON', says('no'), 'the answer is not valid JSON'],
    ],
  },
  {
    spec: { type: 'regex', pattern: '^[A-Z]{2}-\\d+$', flags: 'm' },
    rows: [
      ['a match', says('AB-12'), undefined],
      ['a match on a later line', says('the id:\nAB-12'), undefined],
      ['no match', says('ab-12'), 'the answer does not match the pattern'],
      ['nothing', says(''), 'the answer does not match the pattern'],
    ],
  },
  {
    spec: { type: 'labels', labels: ['Bug', 'U.S.', 'à côté'], case_sensitive: false },
    rows: [
      ['a label', says('Bug'), undefined],
      ['in another case', says('BUG'), undefined],
      ['with a full stop', says('bug.'), undefined],
      ['in quotes', says('"Bug"'), undefined],
      ['in quotes with a full stop', says('"Bug".'), undefined],
      ['with space around', says(' bug\n'), undefined],
      ['that ends in a full stop itself', says('u.s.'), undefined],
      ['with accents', says('À CÔTÉ'), undefined],
      ['in a sentence', says('It is a bug'), 'the answer is none of: Bug, U.S., à côté'],
      ['another word', says('feature'), 'the answer is none of: Bug, U.S., à côté'],
      ['nothing', says(''), 'the answer is none of: Bug, U.S., à côté'],
    ],
  },
  {
    spec: { type: 'labels', labels: ['yes', 'No'], case_sensitive: true },
    rows: [
      ['the label', says('No.'), undefined],
      ['another case', says('no'), 'the answer is none of: yes, No'],
    ],
  },
];

describe.each(TABLES)('$spec.type $spec.case_sensitive', ({ spec, rows }) => {
  const validator = createValidator('mine', spec, DEPS);

  it.each(rows)('judges %s', (_, response, reason) => {
    const verdict = reason === undefined ? { ok: true } : { ok: false, reason };
    expect(validator.check(response, requestOf('hi'), CONTEXT)).toEqual(verdict);
    expect(validator.check(response, requestOf('hi'), CONTEXT)).toEqual(verdict);
  });

  it('bears the name it was given', () => {
    expect(validator.name).toBe('mine');
  });
});

describe('validators that cannot be built', () => {
  const bad: readonly ValidatorSpec[] = [
    { type: 'regex', pattern: '(', flags: '' },
    { type: 'json_schema', schema: { type: 'objekt' } },
  ];
  it.each(bad)('throw at once: $type', (spec) => {
    expect(() => createValidator('v', spec, DEPS)).toThrow();
  });
});

describe('answers made to hold up the server', () => {
  const slow = `${'a'.repeat(60)}!`;
  const rows: readonly [string, ValidatorSpec, string, string][] = [
    [
      'a pattern that backtracks',
      { type: 'regex', pattern: '^(a+)+$', flags: '' },
      slow,
      'the pattern takes too long over the answer',
    ],
    [
      'a schema whose pattern backtracks',
      { type: 'json_schema', schema: { type: 'string', pattern: '^(a+)+$' } },
      JSON.stringify(slow),
      'a pattern of the schema takes too long over the answer',
    ],
    [
      'a fence that is never closed',
      { type: 'json' },
      `\`\`\`${'\n'.repeat(1_000_000)}x`,
      'the answer is not valid JSON',
    ],
    [
      'a million full stops',
      { type: 'labels', labels: ['yes'], case_sensitive: false },
      `${'.'.repeat(1_000_000)}x`,
      'the answer is none of: yes',
    ],
  ];

  it.each(rows)('fail: %s', (_, spec, text, reason) => {
    expect(createValidator('v', spec, DEPS).check(says(text), requestOf('hi'), CONTEXT)).toEqual({
      ok: false,
      reason,
    });
  });

  it('leave each pattern of a schema its own meaning', () => {
    const properties = { a: { type: 'string', pattern: '^x$' }, b: { type: 'string', pattern: '^y$' } };
    const validator = createValidator('v', { type: 'json_schema', schema: { properties } }, DEPS);
    expect(validator.check(says('{"a": "x", "b": "y"}'), requestOf('hi'), CONTEXT)).toMatchObject({
      ok: true,
    });
    expect(validator.check(says('{"a": "x", "b": "x"}'), requestOf('hi'), CONTEXT)).toMatchObject({
      ok: false,
    });
  });

  it('leave the next answer unharmed', () => {
    const validator = createValidator('v', { type: 'regex', pattern: '^(a+)+$', flags: '' }, DEPS);
    expect(validator.check(says(slow), requestOf('hi'), CONTEXT)).toMatchObject({ ok: false });
    expect(validator.check(says('aaa'), requestOf('hi'), CONTEXT)).toMatchObject({ ok: true });
  });

  it.each(['```json\n{"a": 1}\n```', '```\n{"a": 1}```', '```JSON \n\n{"a": 1}\n\n```'])(
    'fenced JSON still passes: %j',
    (text) => {
      expect(
        createValidator('v', { type: 'json' }, DEPS).check(says(text), requestOf('hi'), CONTEXT),
      ).toEqual({
        ok: true,
      });
    },
  );
});
