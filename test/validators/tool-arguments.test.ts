import { describe, expect, it } from 'vitest';
import type { ChatRequest, FunctionTool, Part } from '../../src/core/chat.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { createValidator } from '../../src/validators/index.ts';
import { requestOf } from '../fakes/requests.ts';
import { answerOf, CONTEXT, DEPS, says } from './deps.ts';

const tool = (name: string, parameters: JsonObject): FunctionTool => ({ type: 'function', name, parameters });
const call = (name: string, json: string): Part => ({ type: 'tool_call', id: '1', name, arguments: json });
const WEATHER = tool('weather', {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  required: ['city'],
  additionalProperties: false,
  properties: {
    city: { type: 'string' },
    unit: { enum: ['C', 'F'] },
    since: { type: 'string', format: 'date-time' },
    note: { type: ['string', 'null'] },
  },
});
const NOW = tool('now', { type: 'object', properties: {} });
const BUILTIN = { type: 'builtin', dialect: 'anthropic-messages', name: 'web_search', raw: {} } as const;
const TOOLS = { tools: [WEATHER, NOW] };
const UNKNOWN = 'it calls a tool that the request does not have';

type Row = readonly [string, readonly Part[], Partial<ChatRequest>, string | undefined];
const ROWS: readonly Row[] = [
  ['no call', says('hi').content, TOOLS, undefined],
  ['what fits', [call('weather', '{"city": "Oslo", "unit": "C"}')], TOOLS, undefined],
  ['null where it may be', [call('weather', '{"city": "Oslo", "note": null}')], TOOLS, undefined],
  [
    'a format that is only an annotation',
    [call('weather', '{"city": "O", "since": "today"}')],
    TOOLS,
    undefined,
  ],
  ['no arguments of a tool without any', [call('now', '')], TOOLS, undefined],
  ['two calls', [call('now', '{}'), call('weather', '{"city": "Oslo"}')], TOOLS, undefined],
  ['another name', [call('wether', '{"city": "Oslo"}')], TOOLS, UNKNOWN],
  ['a call where there are no tools', [call('now', '{}')], {}, UNKNOWN],
  ['a tool of the provider’s own', [call('web_search', '{}')], { tools: [NOW, BUILTIN] }, undefined],
  [
    'half an object',
    [call('weather', '{"city": "Os')],
    TOOLS,
    'the arguments of weather are not a JSON object',
  ],
  ['a list', [call('weather', '["Oslo"]')], TOOLS, 'the arguments of weather are not a JSON object'],
  [
    'nothing where something must be',
    [call('weather', '')],
    TOOLS,
    "the arguments of weather at / must have required property 'city'",
  ],
  [
    'a wrong type',
    [call('weather', '{"city": 5}')],
    TOOLS,
    'the arguments of weather at /city must be string',
  ],
  [
    'a value not listed',
    [call('weather', '{"city": "O", "unit": "K"}')],
    TOOLS,
    'the arguments of weather at /unit must be equal to one of the allowed values',
  ],
  [
    'the second call wrong',
    [call('now', '{}'), call('weather', '{"town": "O"}')],
    TOOLS,
    "the arguments of weather at / must have required property 'city'",
  ],
  [
    'words where a call is demanded',
    says('hi').content,
    { ...TOOLS, toolChoice: 'required' },
    'the answer calls no tool although the request demands it',
  ],
  [
    'another call than demanded',
    [call('now', '{}')],
    { ...TOOLS, toolChoice: { name: 'weather' } },
    'the answer does not call weather although the request demands it',
  ],
  ['the demanded call', [call('now', '{}')], { ...TOOLS, toolChoice: { name: 'now' } }, undefined],
  ['words where none may be called', says('hi').content, { ...TOOLS, toolChoice: 'none' }, undefined],
];

const HOSTILE: readonly (readonly [string, JsonObject, string])[] = [
  [
    'a pattern that backtracks',
    { properties: { a: { pattern: '^(a+)+$' } } },
    JSON.stringify({ a: `${'a'.repeat(60)}!` }),
  ],
  ['an unknown reference', { $ref: 'https://example.org/schema.json' }, '{}'],
  ['an invalid type', { type: 'objekt' }, '{}'],
  ['an invalid pattern', { properties: { a: { pattern: '(' } } }, '{"a": "x"}'],
  ['a schema too long to look at', { description: 'x'.repeat(70_000), type: 'string' }, '{}'],
  ['the same id in every schema', { $id: 'https://example.org/one', type: 'object' }, '{}'],
  ['an endless reference', { $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }, '{}'],
];

describe('tool_arguments', () => {
  const validator = createValidator('mine', { type: 'tool_arguments' }, DEPS);
  it.each(ROWS)('judges %s', (_, content, over, reason) => {
    const verdict = reason === undefined ? { ok: true } : { ok: false, reason };
    expect(validator.check(answerOf(...content), requestOf('hi', over), CONTEXT)).toEqual(verdict);
    expect(validator.check(answerOf(...content), requestOf('hi', over), CONTEXT)).toEqual(verdict);
  });

  it.each(HOSTILE)('passes where the schema is of no use: %s', (_, schema, json) => {
    const request = requestOf('hi', { tools: [tool('f', schema)] });
    expect(validator.check(answerOf(call('f', json)), request, CONTEXT)).toEqual({ ok: true });
  });

  it('tells schemas of one id apart', () => {
    const judge = (type: string): unknown => {
      const request = requestOf('hi', { tools: [tool('f', { $id: 'x', properties: { a: { type } } })] });
      return validator.check(answerOf(call('f', '{"a": 1}')), request, CONTEXT);
    };
    expect(judge('number')).toEqual({ ok: true });
    expect(judge('string')).toMatchObject({ ok: false });
  });

  it('sees in the beginning which tool is called, and leaves the arguments to come', () => {
    const request = requestOf('hi', TOOLS);
    const judge = (name: string): unknown =>
      validator.prefix?.(answerOf(call(name, '{"ci')), request, CONTEXT);
    expect(judge('weather')).toEqual({ ok: true });
    expect(judge('wether')).toEqual({ ok: false, reason: UNKNOWN });
  });
});

describe('json_schema without a schema', () => {
  const validator = createValidator('mine', { type: 'json_schema' }, DEPS);
  const schema: JsonObject = { type: 'object', required: ['a'], properties: { a: { type: 'number' } } };
  const asked: Partial<ChatRequest> = { responseFormat: { type: 'json_schema', name: 'x', schema } };
  it.each([
    ['prose where nothing is asked for', says('hi'), {}, undefined],
    ['prose where text is asked for', says('hi'), { responseFormat: { type: 'text' } }, undefined],
    ['any JSON where that is asked for', says('[1]'), { responseFormat: { type: 'json_object' } }, undefined],
    [
      'prose where JSON is asked for',
      says('hi'),
      { responseFormat: { type: 'json_object' } },
      'the answer is not valid JSON',
    ],
    ['what fits', says('{"a": 1}'), asked, undefined],
    ['what does not fit', says('{"a": "1"}'), asked, 'the JSON at /a must be number'],
    ['a tool call instead', answerOf(call('f', '{}')), asked, undefined],
  ] as const)('judges %s', (_, response, over, reason) => {
    const verdict = reason === undefined ? { ok: true } : { ok: false, reason };
    expect(validator.check(response, requestOf('hi', over), CONTEXT)).toEqual(verdict);
  });

  it.each(['{"a"', '[', '```json', ' \n', '-1', 'tr', 'null', 'f', '"x'])(
    'waits for more after %j',
    (text) => {
      expect(validator.prefix?.(says(text), requestOf('hi', asked), CONTEXT)).toEqual({ ok: true });
    },
  );

  it.each(['Here is', 'Sure', 'the', 'no'])('needs no more after %j', (text) => {
    expect(validator.prefix?.(says(text), requestOf('hi', asked), CONTEXT)).toMatchObject({ ok: false });
    expect(validator.prefix?.(says(text), requestOf('hi'), CONTEXT)).toEqual({ ok: true });
  });
});
