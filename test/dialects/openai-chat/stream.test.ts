import { describe, expect, it } from 'vitest';
import type { ChatEvent, Usage } from '../../../src/core/chat.ts';
import { RouterError } from '../../../src/core/errors.ts';
import { createOpenAiChatDialect } from '../../../src/dialects/index.ts';
import { CONTEXT, dataOf, decodeAll, encodeAll } from '../streams.ts';

const dialect = createOpenAiChatDialect();

const chunk = (delta: object, finish: string | null = null, fields: object = {}): object => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  model: 'gpt',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...fields,
});
const call = (fields: object): object => chunk({ tool_calls: [fields] });
const named = (index: number | undefined, id: string | undefined, name: string, text?: string): object =>
  call({
    ...(index === undefined ? {} : { index }),
    ...(id ? { id } : {}),
    function: { name, arguments: text },
  });
const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
const COUNTED: Usage = {
  inputTokens: 3,
  outputTokens: 2,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

/** The decoded events between `start` and the end. */
function contentOf(data: readonly object[]): ChatEvent[] {
  const events = decodeAll(dialect, [
    chunk({ role: 'assistant', content: '' }),
    ...data,
    chunk({}, 'stop'),
    '[DONE]',
  ]);
  expect(events[0]).toEqual({ type: 'start', id: 'c1', model: 'gpt' });
  expect(events.at(-1)?.type).toBe('finish');
  return events.slice(1, -1);
}

describe('decoding', () => {
  it.each<[string, object[], ChatEvent[]]>([
    [
      'text',
      [chunk({ content: 'a' }), chunk({ content: '' }), chunk({ content: 'b' })],
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    ],
    [
      'reasoning_content',
      [chunk({ reasoning_content: 'hm', content: null })],
      [{ type: 'thinking', text: 'hm' }],
    ],
    ['reasoning', [chunk({ reasoning: 'hm' })], [{ type: 'thinking', text: 'hm' }]],
    [
      'what only this format has',
      [
        chunk({ annotations: [{ type: 'url_citation' }], audio: null }),
        call({ index: 0, id: 'a', type: 'custom', custom: { name: 'sql', input: '' } }),
        call({ index: 0, custom: { input: 'SELECT 1' } }),
      ],
      [
        { type: 'opaque', kind: 'annotations', raw: { annotations: [{ type: 'url_citation' }] } },
        {
          type: 'opaque',
          kind: 'custom_tool_call',
          raw: { index: 0, id: 'a', type: 'custom', custom: { name: 'sql', input: '' } },
        },
        { type: 'opaque', kind: 'custom_tool_call', raw: { index: 0, custom: { input: 'SELECT 1' } } },
      ],
    ],
    [
      'chunks of content',
      [
        chunk({
          content: [
            { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
            { type: 'text', text: 'a' },
          ],
        }),
      ],
      [
        { type: 'thinking', text: 'hm' },
        { type: 'text', text: 'a' },
      ],
    ],
    ['a refusal', [chunk({ refusal: 'No' })], [{ type: 'refusal', text: 'No' }]],
    ['other choices', [{ ...chunk({}), choices: [{ index: 1, delta: { content: 'x' } }] }], []],
    ['chunks without choices', [{ id: '', choices: [], prompt_filter_results: [] }, { id: 'c1' }], []],
    [
      'a call and its arguments',
      [
        named(0, 'a', 'f', ''),
        call({ index: 0, function: { arguments: '{"x"' } }),
        call({ index: 0, function: { arguments: ':1}' } }),
      ],
      [
        { type: 'tool_call', index: 0, id: 'a', name: 'f' },
        { type: 'tool_call_arguments', index: 0, json: '{"x"' },
        { type: 'tool_call_arguments', index: 0, json: ':1}' },
      ],
    ],
    [
      'parallel calls whose deltas mix',
      [
        named(0, 'a', 'f'),
        named(1, 'b', 'g'),
        call({ index: 0, function: { arguments: '1' } }),
        call({ index: 1, function: { arguments: '2' } }),
      ],
      [
        { type: 'tool_call', index: 0, id: 'a', name: 'f' },
        { type: 'tool_call', index: 1, id: 'b', name: 'g' },
        { type: 'tool_call_arguments', index: 0, json: '1' },
        { type: 'tool_call_arguments', index: 1, json: '2' },
      ],
    ],
    [
      'indexes that begin at 1',
      [named(1, 'a', 'f'), call({ index: 1, function: { arguments: '{}' } })],
      [
        { type: 'tool_call', index: 0, id: 'a', name: 'f' },
        { type: 'tool_call_arguments', index: 0, json: '{}' },
      ],
    ],
    [
      'calls without indexes',
      [
        named(undefined, 'a', 'f', '{}'),
        named(undefined, 'b', 'g', '{'),
        call({ function: { arguments: '}' } }),
      ],
      [
        { type: 'tool_call', index: 0, id: 'a', name: 'f' },
        { type: 'tool_call_arguments', index: 0, json: '{}' },
        { type: 'tool_call', index: 1, id: 'b', name: 'g' },
        { type: 'tool_call_arguments', index: 1, json: '{' },
        { type: 'tool_call_arguments', index: 1, json: '}' },
      ],
    ],
    [
      'calls that share an index',
      [named(0, 'a', 'f', '{}'), named(0, 'b', 'g', '{}')],
      [
        { type: 'tool_call', index: 0, id: 'a', name: 'f' },
        { type: 'tool_call_arguments', index: 0, json: '{}' },
        { type: 'tool_call', index: 1, id: 'b', name: 'g' },
        { type: 'tool_call_arguments', index: 1, json: '{}' },
      ],
    ],
    [
      'a call whose id is repeated in every delta',
      [named(0, 'a', 'f', '{'), call({ index: 0, id: 'a', function: { arguments: '}' } })],
      [
        { type: 'tool_call', index: 0, id: 'a', name: 'f' },
        { type: 'tool_call_arguments', index: 0, json: '{' },
        { type: 'tool_call_arguments', index: 0, json: '}' },
      ],
    ],
    [
      'a name that comes after the id and the first arguments',
      [
        call({ index: 0, id: 'a', function: { arguments: '{' } }),
        call({ index: 0, function: { name: 'f', arguments: '}' } }),
      ],
      [
        { type: 'tool_call', index: 0, id: 'a', name: 'f' },
        { type: 'tool_call_arguments', index: 0, json: '{}' },
      ],
    ],
    [
      'a legacy function call',
      [chunk({ function_call: { name: 'f', arguments: '' } }), chunk({ function_call: { arguments: '{}' } })],
      [
        { type: 'tool_call', index: 0, id: 'call_c1_0', name: 'f' },
        { type: 'tool_call_arguments', index: 0, json: '{}' },
      ],
    ],
  ])('reads %s', (_name, data, expected) => {
    expect(contentOf(data)).toEqual(expected);
  });

  const finish = (stopReason: string, usage?: Usage): object => ({
    type: 'finish',
    stopReason,
    ...(usage ? { usage } : {}),
  });
  const A = chunk({ content: 'a' });
  it.each<[string, (string | object)[], object]>([
    [
      'usage after the finish',
      [A, chunk({}, 'stop'), { choices: [], usage: USAGE }, '[DONE]'],
      finish('stop', COUNTED),
    ],
    [
      'usage with the finish',
      [A, chunk({}, 'length', { usage: USAGE }), '[DONE]'],
      finish('length', COUNTED),
    ],
    [
      'usage in an extension',
      [A, chunk({}, 'stop', { x_groq: { usage: USAGE } }), '[DONE]'],
      finish('stop', COUNTED),
    ],
    ['usage null throughout', [A, chunk({}, 'stop', { usage: null }), '[DONE]'], finish('stop')],
    ['no [DONE]', [A, chunk({}, 'stop')], finish('stop')],
    ['no finish reason', [A, '[DONE]'], finish('stop')],
    [
      'calls under a plain stop',
      [named(0, 'a', 'f', '{}'), chunk({}, 'stop'), '[DONE]'],
      finish('tool_calls'),
    ],
    ['a refusal', [chunk({ refusal: 'No' }), chunk({}, 'stop'), '[DONE]'], finish('refusal')],
    ['more after [DONE]', [A, chunk({}, 'stop'), '[DONE]', A, '[DONE]'], finish('stop')],
  ])('finishes with %s', (_name, data, expected) => {
    const events = decodeAll(dialect, data);
    expect(events.at(-1)).toEqual(expected);
    expect(events.filter((event) => event.type === 'finish')).toHaveLength(1);
  });

  it.each<[string, (string | object)[], string]>([
    ['nothing at all', [], 'upstream_error'],
    ['a break', [A], 'upstream_error'],
    ['half a chunk', [A, '{"id":'], 'upstream_malformed'],
    ['a chunk that is no object', ['5'], 'upstream_malformed'],
    ['[DONE] only', ['[DONE]'], 'upstream_malformed'],
    ['an error chunk', [A, { error: { message: 'x', code: 502 } }, '[DONE]'], 'upstream_error'],
    ['a rate limit', [{ error: { type: 'rate_limit_error' } }], 'upstream_rate_limited'],
    ['a bare error', [{ error: 'boom' }], 'upstream_error'],
    ['an interruption', [A, chunk({}, 'error'), '[DONE]'], 'upstream_error'],
  ])('ends in one error after %s', (_name, data, code) => {
    const events = decodeAll(dialect, data);
    const last = events.at(-1);
    expect(last?.type === 'error' && last.error.code).toBe(code);
    expect(events.filter((event) => event.type === 'error' || event.type === 'finish')).toHaveLength(1);
  });

  it('makes nothing of an event without data', () => {
    expect(dialect.streamDecoder().push({ event: 'ping', data: '' })).toEqual([]);
  });
});

describe('encoding', () => {
  const START: ChatEvent = { type: 'start', id: 'msg_1', model: 'claude' };
  const FINISH: ChatEvent = { type: 'finish', stopReason: 'stop' };
  const encoded = (delta: object, finish: string | null = null): object => ({
    id: 'chatcmpl-msg_1',
    object: 'chat.completion.chunk',
    created: CONTEXT.createdAt,
    model: 'claude',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });
  const plain = { ...CONTEXT, includeUsage: false };

  it.each<[ChatEvent, object[]]>([
    [{ type: 'text', text: 'a' }, [{ content: 'a' }]],
    [{ type: 'thinking', text: 'hm' }, [{ reasoning_content: 'hm' }]],
    [{ type: 'refusal', text: 'No' }, [{ refusal: 'No' }]],
    [
      { type: 'tool_call', index: 1, id: 'a', name: 'f' },
      [{ tool_calls: [{ index: 1, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] }],
    ],
    [
      { type: 'tool_call_arguments', index: 1, json: '{' },
      [{ tool_calls: [{ index: 1, function: { arguments: '{' } }] }],
    ],
    [{ type: 'thinking_signature', signature: 'sig' }, []],
    [{ type: 'redacted_thinking', data: 'x' }, []],
    [{ type: 'opaque', kind: 'server_tool_use', raw: {} }, []],
  ])('tells %j', (event, deltas) => {
    expect(dataOf(encodeAll(dialect, [START, event, FINISH], plain))).toEqual([
      encoded({ role: 'assistant', content: '' }),
      ...deltas.map((delta) => encoded(delta)),
      encoded({}, 'stop'),
      '[DONE]',
    ]);
  });

  it('tells the usage after the finish to a client that asked, and null before', () => {
    const events: ChatEvent[] = [START, { ...FINISH, usage: COUNTED } as ChatEvent];
    const data = dataOf(encodeAll(dialect, events));
    expect(data).toHaveLength(4);
    expect(data[0]).toHaveProperty('usage', null);
    expect(data[2]).toMatchObject({ choices: [], usage: USAGE });
    expect(encodeAll(dialect, events, plain)).not.toContain('usage');
  });

  it('tells a refusal by its own field or by the content filter', () => {
    const refused: ChatEvent = { type: 'finish', stopReason: 'refusal' };
    expect(dataOf(encodeAll(dialect, [START, refused], plain))[1]).toEqual(encoded({}, 'content_filter'));
    const withText = encodeAll(dialect, [START, { type: 'refusal', text: 'No' }, refused], plain);
    expect(dataOf(withText)[2]).toEqual(encoded({}, 'stop'));
  });

  it('says nothing after the end', () => {
    const encoder = dialect.streamEncoder(CONTEXT);
    encoder.encode(START);
    expect(encoder.encode({ type: 'error', error: new RouterError('upstream_error', 'Broken.') })).toBe(
      dialect.encodeStreamError(new RouterError('upstream_error', 'Broken.')),
    );
    expect(encoder.encode({ type: 'text', text: 'late' })).toBe('');
    expect(encoder.encode(FINISH)).toBe('');
  });
});
