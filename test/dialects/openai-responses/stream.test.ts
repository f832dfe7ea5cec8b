import { describe, expect, it } from 'vitest';
import type { ChatEvent, Usage } from '../../../src/core/chat.ts';
import { RouterError } from '../../../src/core/errors.ts';
import { createOpenAiResponsesDialect } from '../../../src/dialects/index.ts';
import { CONTEXT, dataOf, decodeAll, encodeAll } from '../streams.ts';

const dialect = createOpenAiResponsesDialect();
const USAGE: Usage = {
  inputTokens: 10,
  outputTokens: 5,
  cachedInputTokens: 4,
  cacheWriteTokens: 0,
  reasoningTokens: 2,
};
const WIRE_USAGE = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 15,
};

const event = (type: string, fields: object = {}): object => ({ type: `response.${type}`, ...fields });
const created = event('created', {
  response: { id: 'resp_1', model: 'gpt', status: 'in_progress', output: [] },
});
const completed = (fields: object = {}): object =>
  event('completed', {
    response: { id: 'resp_1', status: 'completed', output: [], usage: WIRE_USAGE, ...fields },
  });
const added = (index: number, item: object): object =>
  event('output_item.added', { output_index: index, item });
const done = (index: number, item: object): object =>
  event('output_item.done', { output_index: index, item });
const delta = (kind: string, index: number, text: string, part: object = { content_index: 0 }): object =>
  event(`${kind}.delta`, { output_index: index, ...part, delta: text });
const message = (...content: object[]): object => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  content,
});
const said = (text: string, fields: object = {}): object => ({
  type: 'output_text',
  text,
  annotations: [],
  ...fields,
});
const called = (index: number, json: string): object => ({
  type: 'function_call',
  id: `fc_${index}`,
  call_id: `c${index}`,
  name: 'f',
  arguments: json,
});

const START: ChatEvent = { type: 'start', id: 'resp_1', model: 'gpt' };
const finish = (stopReason = 'stop'): ChatEvent =>
  ({ type: 'finish', stopReason, usage: USAGE }) as ChatEvent;
const text = (value: string): ChatEvent => ({ type: 'text', text: value });

describe('decoding', () => {
  const search = added(0, { type: 'web_search_call', id: 'ws' });
  const searched = done(0, { type: 'web_search_call', id: 'ws', status: 'completed' });
  const cited = said('Hi', { annotations: [{ type: 'url_citation', url: 'x' }] });
  it.each<[string, readonly (object | string)[], readonly ChatEvent[]]>([
    ['nothing but an end', [created, event('in_progress', { response: {} }), completed()], [START, finish()]],
    [
      'text, said again at its end',
      [
        created,
        added(0, message()),
        event('content_part.added', { output_index: 0, content_index: 0, part: said('') }),
        delta('output_text', 0, 'H'),
        delta('output_text', 0, 'i'),
        event('output_text.done', { output_index: 0, content_index: 0, text: 'Hi' }),
        event('content_part.done', { output_index: 0, content_index: 0, part: said('Hi') }),
        done(0, message(said('Hi'))),
        completed({ output: [message(said('Hi'))] }),
      ],
      [START, text('H'), text('i'), finish()],
    ],
    [
      'text whose deltas are incomplete',
      [
        created,
        delta('output_text', 0, 'H'),
        event('output_text.done', { output_index: 0, content_index: 0, text: 'Hi' }),
        completed(),
      ],
      [START, text('H'), text('i'), finish()],
    ],
    [
      'what was said on the way',
      [created, done(0, { ...message(said('Hm.')), phase: 'commentary' }), completed()],
      [
        START,
        text('Hm.'),
        { type: 'opaque', kind: 'phase', raw: expect.anything() },
        finish(),
      ] as ChatEvent[],
    ],
    [
      'items without deltas',
      [created, done(0, message(said('Hi'))), completed()],
      [START, text('Hi'), finish()],
    ],
    [
      'an answer in its last event only',
      [completed({ model: 'gpt', output: [message(said('Hi')), called(0, '{}')] })],
      [
        START,
        text('Hi'),
        { type: 'tool_call', index: 0, id: 'c0', name: 'f' },
        { type: 'tool_call_arguments', index: 0, json: '{}' },
        finish('tool_calls'),
      ],
    ],
    [
      'calls side by side',
      [
        created,
        added(0, called(0, '')),
        added(1, called(1, '')),
        delta('function_call_arguments', 0, '{"a"', {}),
        delta('function_call_arguments', 1, '{}', {}),
        delta('function_call_arguments', 0, ':1}', {}),
        event('function_call_arguments.done', { output_index: 0, arguments: '{"a":1}' }),
        done(0, called(0, '{"a":1}')),
        done(1, called(1, '{}')),
        completed(),
      ],
      [
        START,
        { type: 'tool_call', index: 0, id: 'c0', name: 'f' },
        { type: 'tool_call', index: 1, id: 'c1', name: 'f' },
        { type: 'tool_call_arguments', index: 0, json: '{"a"' },
        { type: 'tool_call_arguments', index: 1, json: '{}' },
        { type: 'tool_call_arguments', index: 0, json: ':1}' },
        finish('tool_calls'),
      ],
    ],
    [
      'reasoning in parts, signed',
      [
        created,
        added(0, { type: 'reasoning', id: 'rs', summary: [] }),
        delta('reasoning_text', 0, 'a'),
        delta('reasoning_summary_text', 0, 'b', { summary_index: 0 }),
        delta('reasoning_summary_text', 0, 'c', { summary_index: 1 }),
        event('reasoning_summary_text.done', { output_index: 0, summary_index: 1, text: 'cd' }),
        done(0, {
          type: 'reasoning',
          summary: [{ text: 'b' }, { text: 'cd' }],
          content: [{ text: 'a' }],
          encrypted_content: 'x',
        }),
        completed(),
      ],
      [
        START,
        { type: 'thinking', text: 'a' },
        { type: 'thinking', text: '\n\nb' },
        { type: 'thinking', text: '\n\nc' },
        { type: 'thinking', text: 'd' },
        { type: 'thinking_signature', signature: 'x' },
        finish(),
      ],
    ],
    [
      'reasoning that shows nothing',
      [
        created,
        done(0, { type: 'reasoning', summary: [], encrypted_content: 'x' }),
        done(1, { type: 'reasoning', summary: [] }),
        completed(),
      ],
      [START, { type: 'redacted_thinking', data: 'x' }, finish()],
    ],
    [
      'a refusal',
      [
        created,
        delta('refusal', 0, 'N'),
        event('refusal.done', { output_index: 0, content_index: 0, refusal: 'No' }),
        completed(),
      ],
      [START, { type: 'refusal', text: 'N' }, { type: 'refusal', text: 'o' }, finish('refusal')],
    ],
    [
      'items and annotations of its own',
      [created, search, event('web_search_call.searching'), searched, done(1, message(cited)), completed()],
      [
        START,
        { type: 'opaque', kind: 'web_search_call', raw: search },
        { type: 'opaque', kind: 'web_search_call', raw: searched },
        text('Hi'),
        { type: 'opaque', kind: 'annotations', raw: expect.anything() },
        finish(),
      ] as ChatEvent[],
    ],
    [
      'an answer that was too long',
      [
        created,
        event('incomplete', {
          response: {
            status: 'incomplete',
            incomplete_details: { reason: 'max_output_tokens' },
            usage: WIRE_USAGE,
          },
        }),
      ],
      [START, finish('length')],
    ],
    [
      'events and end markers after the end',
      [created, completed(), delta('output_text', 0, 'x'), '[DONE]'],
      [START, finish()],
    ],
  ])('%s', (_name, data, events) => {
    expect(decodeAll(dialect, data)).toEqual(events);
  });

  it.each<[string, readonly (object | string)[], string]>([
    [
      'an error, flat',
      [created, { type: 'error', code: 'rate_limit_exceeded', message: 'slow' }],
      'upstream_rate_limited',
    ],
    [
      'an error, nested, and its response',
      [
        created,
        { type: 'error', error: { type: 'insufficient_quota', message: 'x' } },
        event('failed', { response: { error: { code: 'server_error' } } }),
      ],
      'upstream_rate_limited',
    ],
    [
      'a failure',
      [created, event('failed', { response: { error: { code: 'server_error', message: 'x' } } })],
      'upstream_error',
    ],
    [
      'a refused prompt',
      [created, event('failed', { response: { error: { code: 'invalid_prompt', message: 'x' } } })],
      'upstream_rejected',
    ],
    [
      'a failure without a reason',
      [created, event('failed', { response: { error: null } })],
      'upstream_error',
    ],
    ['an unreadable event', [created, '{"type":'], 'upstream_malformed'],
    ['no end', [created, delta('output_text', 0, 'x')], 'upstream_error'],
    ['nothing', [], 'upstream_error'],
    ['an end marker alone', ['[DONE]'], 'upstream_malformed'],
  ])('%s is an error, once', (_name, data, code) => {
    const events = decodeAll(dialect, data);
    expect(events.filter(({ type }) => type === 'error' || type === 'finish')).toMatchObject([
      { type: 'error', error: { code } },
    ]);
    expect(events.at(-1)?.type).toBe('error');
  });
});

describe('encoding', () => {
  const id = 'resp_router_x';
  const encode = (...events: ChatEvent[]): Record<string, unknown>[] =>
    dataOf(encodeAll(dialect, [{ type: 'start', id: 'chatcmpl-x', model: 'm' }, ...events])) as Record<
      string,
      unknown
    >[];

  it('writes the whole grammar of a text and a call, numbered', () => {
    const written = encode(
      text('H'),
      text('i'),
      { type: 'tool_call', index: 0, id: 'c1', name: 'f' },
      { type: 'tool_call_arguments', index: 0, json: '{}' },
      { type: 'finish', stopReason: 'tool_calls', usage: USAGE },
    );
    expect(written.map(({ sequence_number }) => sequence_number)).toEqual(written.map((_, index) => index));
    const at = { item_id: 'msg_router_x_0', output_index: 0, content_index: 0 };
    const part = { type: 'output_text', text: 'Hi', annotations: [], logprobs: [] };
    const whole = {
      id: 'msg_router_x_0',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [part],
    };
    const call = {
      id: 'fc_router_x_1',
      type: 'function_call',
      status: 'completed',
      arguments: '{}',
      call_id: 'c1',
      name: 'f',
    };
    const callAt = { item_id: call.id, output_index: 1 };
    const begun = {
      id,
      object: 'response',
      created_at: CONTEXT.createdAt,
      status: 'in_progress',
      model: 'm',
      output: [],
      usage: null,
    };
    expect(written).toMatchObject([
      { type: 'response.created', response: begun },
      { type: 'response.in_progress', response: begun },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { ...whole, status: 'in_progress', content: [] },
      },
      { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
      { type: 'response.output_text.delta', ...at, delta: 'H', logprobs: [] },
      { type: 'response.output_text.delta', ...at, delta: 'i', logprobs: [] },
      { type: 'response.output_text.done', ...at, text: 'Hi', logprobs: [] },
      { type: 'response.content_part.done', ...at, part },
      { type: 'response.output_item.done', output_index: 0, item: whole },
      {
        type: 'response.output_item.added',
        output_index: 1,
        item: { ...call, status: 'in_progress', arguments: '' },
      },
      { type: 'response.function_call_arguments.delta', ...callAt, delta: '{}' },
      { type: 'response.function_call_arguments.done', ...callAt, arguments: '{}' },
      { type: 'response.output_item.done', output_index: 1, item: call },
      {
        type: 'response.completed',
        response: { id, status: 'completed', output: [whole, call], usage: WIRE_USAGE },
      },
    ]);
  });

  it.each<[string, ChatEvent[], string[], object]>([
    [
      'nothing',
      [{ type: 'finish', stopReason: 'stop' }],
      [],
      { status: 'completed', output: [], usage: null },
    ],
    [
      'thinking as a summary, without any signature',
      [
        { type: 'thinking', text: 'hm' },
        { type: 'thinking_signature', signature: 'sig' },
        { type: 'redacted_thinking', data: 'sig' },
        { type: 'finish', stopReason: 'stop' },
      ],
      [
        'output_item.added',
        'reasoning_summary_part.added',
        'reasoning_summary_text.delta',
        'reasoning_summary_text.done',
        'reasoning_summary_part.done',
        'output_item.done',
      ],
      {
        output: [{ id: 'rs_router_x_0', type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] }],
      },
    ],
    [
      'a refusal within the message it ends',
      [text('a'), { type: 'refusal', text: 'No' }, { type: 'finish', stopReason: 'refusal' }],
      [
        'output_item.added',
        'content_part.added',
        'output_text.delta',
        'output_text.done',
        'content_part.done',
        'content_part.added',
        'refusal.delta',
        'refusal.done',
        'content_part.done',
        'output_item.done',
      ],
      {
        status: 'completed',
        output: [{ content: [{ text: 'a' }, { type: 'refusal', refusal: 'No' }] }],
      },
    ],
    [
      'an answer cut short',
      [text('a'), { type: 'finish', stopReason: 'length' }],
      [
        'output_item.added',
        'content_part.added',
        'output_text.delta',
        'output_text.done',
        'content_part.done',
        'output_item.done',
      ],
      {
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output: [{ status: 'incomplete' }],
      },
    ],
  ])('%s', (_name, events, types, response) => {
    const written = encode(...events);
    const names = written.slice(2, -1).map(({ type }) => String(type).replace('response.', ''));
    expect(names).toEqual(types);
    expect(written.at(-1)?.response).toMatchObject(response);
    expect(JSON.stringify(written)).not.toContain('sig');
  });

  it('repeats what was asked', () => {
    const request = dialect.decodeRequest({
      model: 'auto',
      input: 'x',
      instructions: 'Be brief.',
      metadata: { a: 'b' },
      previous_response_id: null,
    });
    const events: ChatEvent[] = [START, { type: 'finish', stopReason: 'stop' }];
    const written = dataOf(encodeAll(dialect, events, { ...CONTEXT, request }));
    expect(written.at(-1)).toMatchObject({
      response: { instructions: 'Be brief.', metadata: { a: 'b' }, tool_choice: 'auto', store: false },
    });
  });

  it('tells an error after what came, and nothing after it', () => {
    const error = new RouterError('upstream_error', 'The provider broke off.');
    const written = encode(text('a'), { type: 'error', error }, text('b'));
    expect(written.slice(-2)).toMatchObject([
      {
        type: 'error',
        sequence_number: 5,
        code: 'upstream_error',
        message: error.message,
        error: { message: error.message },
      },
      {
        type: 'response.failed',
        sequence_number: 6,
        response: { status: 'failed', error: { message: error.message } },
      },
    ]);
  });

  it('numbers an error after the frame that was passed on before it', () => {
    const error = new RouterError('upstream_error', 'x');
    expect(
      dataOf(dialect.encodeStreamError(error, 'data: {"type":"x","sequence_number": 41}\n\n')),
    ).toMatchObject([{ type: 'error', sequence_number: 42 }]);
    expect(dataOf(dialect.encodeStreamError(error))).toMatchObject([{ sequence_number: 0 }]);
  });
});
