import { describe, expect, it } from 'vitest';
import type { ChatEvent, Usage } from '../../../src/core/chat.ts';
import { RouterError } from '../../../src/core/errors.ts';
import { createAnthropicMessagesDialect } from '../../../src/dialects/index.ts';
import { CONTEXT, dataOf, decodeAll, encodeAll } from '../streams.ts';

const dialect = createAnthropicMessagesDialect();

const startWith = (fields: object = {}): object => ({
  type: 'message_start',
  message: {
    id: 'msg_1',
    model: 'claude',
    content: [],
    usage: { input_tokens: 3, output_tokens: 1 },
    ...fields,
  },
});
const open = (index: number, block: object): object => ({
  type: 'content_block_start',
  index,
  content_block: block,
});
const delta = (index: number, fields: object): object => ({
  type: 'content_block_delta',
  index,
  delta: fields,
});
const close = (index: number): object => ({ type: 'content_block_stop', index });
const end = (stop: string | null = 'end_turn', usage: object = { output_tokens: 9 }): object => ({
  type: 'message_delta',
  delta: { stop_reason: stop, stop_sequence: null },
  usage,
});
const STOP = { type: 'message_stop' };
const counted = (input: number, output: number, cached = 0): Usage => ({
  inputTokens: input,
  outputTokens: output,
  cachedInputTokens: cached,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
});

function contentOf(data: readonly object[]): ChatEvent[] {
  const events = decodeAll(dialect, [startWith(), ...data, end(), STOP]);
  expect(events[0]).toEqual({ type: 'start', id: 'msg_1', model: 'claude', usage: counted(3, 1) });
  expect(events.at(-1)).toEqual({ type: 'finish', stopReason: 'stop', usage: counted(3, 9) });
  return events.slice(1, -1);
}

describe('decoding', () => {
  const search = open(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} });
  const searching = delta(0, { type: 'input_json_delta', partial_json: '{"q"' });
  const citing = delta(0, { type: 'citations_delta', citation: { type: 'page_location' } });
  it.each<[string, object[], ChatEvent[]]>([
    [
      'text',
      [
        open(0, { type: 'text', text: '' }),
        { type: 'ping' },
        delta(0, { type: 'text_delta', text: 'a' }),
        close(0),
      ],
      [{ type: 'text', text: 'a' }],
    ],
    [
      'text that a block begins with',
      [open(0, { type: 'text', text: 'a' }), close(0)],
      [{ type: 'text', text: 'a' }],
    ],
    [
      'thinking',
      [
        open(0, { type: 'thinking', thinking: '', signature: '' }),
        delta(0, { type: 'thinking_delta', thinking: 'hm' }),
        delta(0, { type: 'signature_delta', signature: 'sig' }),
        close(0),
        open(1, { type: 'redacted_thinking', data: 'xyz' }),
        close(1),
      ],
      [
        { type: 'thinking', text: 'hm' },
        { type: 'thinking_signature', signature: 'sig' },
        { type: 'redacted_thinking', data: 'xyz' },
      ],
    ],
    [
      'calls, counted apart from the blocks',
      [
        open(0, { type: 'text', text: '' }),
        close(0),
        open(1, { type: 'tool_use', id: 'a', name: 'f', input: {} }),
        delta(1, { type: 'input_json_delta', partial_json: '' }),
        delta(1, { type: 'input_json_delta', partial_json: '{"x":' }),
        delta(1, { type: 'input_json_delta', partial_json: '1}' }),
        close(1),
        open(2, { type: 'tool_use', id: 'b', name: 'g', input: {} }),
        close(2),
        open(3, { type: 'tool_use', id: 'c', name: 'h', input: { y: 2 } }),
        close(3),
      ],
      [
        { type: 'tool_call', index: 0, id: 'a', name: 'f' },
        { type: 'tool_call_arguments', index: 0, json: '{"x":' },
        { type: 'tool_call_arguments', index: 0, json: '1}' },
        { type: 'tool_call', index: 1, id: 'b', name: 'g' },
        { type: 'tool_call_arguments', index: 1, json: '{}' },
        { type: 'tool_call', index: 2, id: 'c', name: 'h' },
        { type: 'tool_call_arguments', index: 2, json: '{"y":2}' },
      ],
    ],
    [
      'blocks nobody here knows',
      [search, searching, close(0)],
      [search, searching, close(0)].map(
        (raw) => ({ type: 'opaque', kind: 'server_tool_use', raw }) as ChatEvent,
      ),
    ],
    [
      'deltas nobody here knows',
      [open(0, { type: 'text', text: '' }), citing, close(0)],
      [{ type: 'opaque', kind: 'citations', raw: citing } as ChatEvent],
    ],
    [
      'a second start, and events of unknown types',
      [startWith({ id: 'msg_2' }), { type: 'new_thing' }, {}],
      [],
    ],
  ])('reads %s', (_name, data, expected) => {
    expect(contentOf(data)).toEqual(expected);
  });

  it('reads a message that is complete in its first event', () => {
    const content = [{ type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } }];
    expect(decodeAll(dialect, [startWith({ content, stop_reason: 'tool_use' }), STOP]).slice(1)).toEqual([
      { type: 'tool_call', index: 0, id: 'a', name: 'f' },
      { type: 'tool_call_arguments', index: 0, json: '{"x":1}' },
      { type: 'finish', stopReason: 'tool_calls', usage: counted(3, 1) },
    ]);
  });

  it.each<[string, object[], object]>([
    [
      'counts that replace the first ones',
      [
        startWith(),
        end('end_turn', { input_tokens: 10, output_tokens: 20, cache_read_input_tokens: 5 }),
        STOP,
      ],
      { type: 'finish', stopReason: 'stop', usage: counted(15, 20, 5) },
    ],
    [
      'a stop sequence',
      [
        startWith(),
        { type: 'message_delta', delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' } },
        STOP,
      ],
      { type: 'finish', stopReason: 'stop_sequence', stopSequence: 'END', usage: counted(3, 1) },
    ],
    ['no message_stop', [startWith(), end()], { type: 'finish', stopReason: 'stop', usage: counted(3, 9) }],
    [
      'more after the stop',
      [startWith(), end(), STOP, startWith(), end('tool_use'), STOP],
      { type: 'finish', stopReason: 'stop', usage: counted(3, 9) },
    ],
  ])('finishes with %s', (_name, data, expected) => {
    const events = decodeAll(dialect, data);
    expect(events.at(-1)).toEqual(expected);
    expect(events.filter((event) => event.type === 'finish')).toHaveLength(1);
  });

  it.each<[string, (string | object)[], string]>([
    ['nothing at all', [], 'upstream_error'],
    ['a break', [startWith(), open(0, { type: 'text', text: 'a' })], 'upstream_error'],
    ['half an event', [startWith(), '{"type":'], 'upstream_malformed'],
    ['a stop only', [STOP], 'upstream_malformed'],
    [
      'an overload',
      [startWith(), { type: 'error', error: { type: 'overloaded_error' } }, STOP],
      'upstream_error',
    ],
    ['a rate limit', [{ type: 'error', error: { type: 'rate_limit_error' } }], 'upstream_rate_limited'],
    [
      'a refused body',
      [{ type: 'error', error: { type: 'invalid_request_error', message: 'x' } }],
      'upstream_rejected',
    ],
  ])('ends in one error after %s', (_name, data, code) => {
    const events = decodeAll(dialect, data);
    const last = events.at(-1);
    expect(last?.type === 'error' && last.error.code).toBe(code);
    expect(events.filter((event) => event.type === 'error' || event.type === 'finish')).toHaveLength(1);
  });
});

describe('encoding', () => {
  const START: ChatEvent = { type: 'start', id: 'chatcmpl-1', model: 'gpt' };
  const FINISH: ChatEvent = { type: 'finish', stopReason: 'stop', usage: counted(7, 4, 2) };
  const HEAD = {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'gpt',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 0,
        output_tokens: 0,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
      },
    },
  };
  const TAIL = [
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: {
        input_tokens: 5,
        output_tokens: 4,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 2,
      },
    },
    STOP,
  ];
  const tool = (index: number, id: string, name: string): object =>
    open(index, { type: 'tool_use', id, name, input: {} });
  const json = (index: number, text: string): object =>
    delta(index, { type: 'input_json_delta', partial_json: text });
  const called = (index: number, id: string, name: string): ChatEvent => ({
    type: 'tool_call',
    index,
    id,
    name,
  });
  const argued = (index: number, text: string): ChatEvent => ({
    type: 'tool_call_arguments',
    index,
    json: text,
  });

  it.each<[string, ChatEvent[], object[]]>([
    ['nothing', [], []],
    [
      'text and thinking in turns',
      [
        { type: 'thinking', text: 'h' },
        { type: 'thinking', text: 'm' },
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      [
        open(0, { type: 'thinking', thinking: '', signature: '' }),
        delta(0, { type: 'thinking_delta', thinking: 'h' }),
        delta(0, { type: 'thinking_delta', thinking: 'm' }),
        close(0),
        open(1, { type: 'text', text: '' }),
        delta(1, { type: 'text_delta', text: 'a' }),
        delta(1, { type: 'text_delta', text: 'b' }),
        close(1),
      ],
    ],
    [
      'thinking without the signatures of others, and none that is hidden',
      [
        { type: 'thinking', text: 'h' },
        { type: 'thinking_signature', signature: 'sig' },
        { type: 'thinking', text: 'i' },
        { type: 'redacted_thinking', data: 'x' },
      ],
      [
        open(0, { type: 'thinking', thinking: '', signature: '' }),
        delta(0, { type: 'thinking_delta', thinking: 'h' }),
        close(0),
        open(1, { type: 'thinking', thinking: '', signature: '' }),
        delta(1, { type: 'thinking_delta', thinking: 'i' }),
        close(1),
      ],
    ],
    [
      'calls one after the other, as they come',
      [
        { type: 'text', text: 'a' },
        called(0, 'a', 'f'),
        argued(0, '{'),
        argued(0, '}'),
        called(1, 'b', 'g'),
        argued(1, '{}'),
      ],
      [
        open(0, { type: 'text', text: '' }),
        delta(0, { type: 'text_delta', text: 'a' }),
        close(0),
        tool(1, 'a', 'f'),
        json(1, '{'),
        json(1, '}'),
        close(1),
        tool(2, 'b', 'g'),
        json(2, '{}'),
        close(2),
      ],
    ],
    [
      'calls whose arguments mix, one block after the other',
      [called(0, 'a', 'f'), called(1, 'b', 'g'), argued(1, '{"y"'), argued(0, '{}'), argued(1, ':2}')],
      [tool(0, 'a', 'f'), json(0, '{}'), close(0), tool(1, 'b', 'g'), json(1, '{"y":2}'), close(1)],
    ],
    [
      'text after calls',
      [called(0, 'a', 'f'), called(1, 'b', 'g'), { type: 'text', text: 'z' }],
      [
        tool(0, 'a', 'f'),
        close(0),
        tool(1, 'b', 'g'),
        close(1),
        open(2, { type: 'text', text: '' }),
        delta(2, { type: 'text_delta', text: 'z' }),
        close(2),
      ],
    ],
    ['opaque pieces', [{ type: 'opaque', kind: 'x', raw: {} }], []],
  ])('tells %s', (_name, events, expected) => {
    expect(dataOf(encodeAll(dialect, [START, ...events, FINISH]))).toEqual([HEAD, ...expected, ...TAIL]);
  });

  it('names every event', () => {
    const text = encodeAll(dialect, [START, { type: 'text', text: 'a' }, FINISH]);
    const names = text
      .split('\n\n')
      .filter(Boolean)
      .map((frame) => /^event: (.*)\ndata: /.exec(frame)?.[1]);
    expect(names).toEqual(dataOf(text).map((data) => (data as { type: string }).type));
  });

  it('tells a refusal as text and as the stop reason', () => {
    const data = dataOf(encodeAll(dialect, [START, { type: 'refusal', text: 'No' }, FINISH]));
    expect(data).toContainEqual(delta(0, { type: 'text_delta', text: 'No' }));
    expect(data.at(-2)).toMatchObject({ delta: { stop_reason: 'refusal' } });
  });

  it('says nothing after the end', () => {
    const error = new RouterError('upstream_error', 'Broken.');
    const encoder = dialect.streamEncoder(CONTEXT);
    encoder.encode(START);
    expect(encoder.encode({ type: 'error', error })).toBe(dialect.encodeStreamError(error));
    expect(encoder.encode({ type: 'text', text: 'late' })).toBe('');
    expect(encoder.encode(FINISH)).toBe('');
  });
});
