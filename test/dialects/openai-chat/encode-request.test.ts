import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import {
  createAnthropicMessagesDialect,
  createOpenAiChatDialect,
  type OpenAiChatOptions,
} from '../../../src/dialects/index.ts';

const anthropic = createAnthropicMessagesDialect();
const HELLO = { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] };

/** What a chat completions upstream is sent for a chat completions body. */
function passed(
  body: object,
  options: OpenAiChatOptions = {},
): { body: JsonObject; dropped: readonly string[] } {
  const dialect = createOpenAiChatDialect(options);
  return dialect.encodeRequest(dialect.decodeRequest(body), 'up-1');
}

/** What a chat completions upstream is sent for an Anthropic Messages body. */
function crossed(
  fields: object,
  options: OpenAiChatOptions = {},
): { body: JsonObject; dropped: readonly string[] } {
  const request = anthropic.decodeRequest({ max_tokens: 100, ...HELLO, ...fields });
  return createOpenAiChatDialect(options).encodeRequest(request, 'up-1');
}

describe('a body of the same dialect', () => {
  it('passes with only the model changed', () => {
    const body = { ...HELLO, seed: 5, unheard_of: { deep: [null] }, max_tokens: 3 };
    expect(passed(body)).toEqual({ body: { ...body, model: 'up-1' }, dropped: [] });
  });

  it.each<[object, object]>([
    [{ stream: true }, { include_usage: true }],
    [
      { stream: true, stream_options: { include_usage: false, x: 1 } },
      { include_usage: true, x: 1 },
    ],
  ])('that streams asks for the usage: %j', (fields, expected) => {
    expect(passed({ ...HELLO, ...fields }).body.stream_options).toEqual(expected);
  });

  it.each<[object, 'max_tokens' | 'max_completion_tokens', object]>([
    [{ max_tokens: 5 }, 'max_completion_tokens', { max_completion_tokens: 5 }],
    [{ max_completion_tokens: 5 }, 'max_tokens', { max_tokens: 5 }],
    [{ max_completion_tokens: 5, max_tokens: 6 }, 'max_tokens', { max_tokens: 6 }],
    [{ max_tokens: 5 }, 'max_tokens', { max_tokens: 5 }],
    [{}, 'max_tokens', {}],
  ])('%j gets its ceiling under the name %s', (fields, outputLimitField, expected) => {
    expect(passed({ ...HELLO, ...fields }, { outputLimitField }).body).toEqual({
      ...HELLO,
      model: 'up-1',
      ...expected,
    });
  });

  it('loses what the upstream refuses, and says so', () => {
    const refuses = (model: string): string[] =>
      model === 'up-1' ? ['temperature', 'stream_options', 'seed'] : [];
    expect(passed({ ...HELLO, temperature: 0, stream: true }, { refuses })).toEqual({
      body: { ...HELLO, model: 'up-1', stream: true },
      dropped: ['temperature'],
    });
  });
});

describe('a usage chunk', () => {
  const dialect = createOpenAiChatDialect();
  const usage = JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } });
  const last = JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: {} });
  it.each<[string, object, string, boolean]>([
    ['is hidden from a client that did not ask', { stream: true }, usage, true],
    ['is shown to one that did', { stream: true, stream_options: { include_usage: true } }, usage, false],
    ['is shown where it is more than that', { stream: true }, last, false],
    ['is no other event', { stream: true }, '[DONE]', false],
  ])('%s', (_name, fields, data, hidden) => {
    expect(dialect.hides?.(dialect.decodeRequest({ ...HELLO, ...fields }), { data })).toBe(hidden);
  });
});

describe('an Anthropic body', () => {
  it('is translated field by field', () => {
    const { body, dropped } = crossed({
      system: [
        { type: 'text', text: 'One.' },
        { type: 'text', text: 'Two.' },
      ],
      tools: [{ name: 'f', description: 'd', input_schema: { type: 'object' } }],
      tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
      temperature: 0.5,
      top_p: 0.9,
      stop_sequences: ['a', 'b'],
      thinking: { type: 'enabled', budget_tokens: 8_000 },
      metadata: { user_id: 'u1' },
      stream: true,
    });
    expect(body).toEqual({
      model: 'up-1',
      messages: [
        { role: 'system', content: 'One.\n\nTwo.' },
        { role: 'user', content: 'Hello' },
      ],
      tools: [
        { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' } } },
      ],
      tool_choice: { type: 'function', function: { name: 'f' } },
      parallel_tool_calls: false,
      max_completion_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['a', 'b'],
      reasoning_effort: 'medium',
      user: 'u1',
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(dropped).toEqual([]);
  });

  it('turns a tool loop into tool messages, its images into a user message after them', () => {
    const png = { type: 'base64', media_type: 'image/png', data: 'QUJD' };
    const { body, dropped } = crossed({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look' },
            { type: 'image', source: png },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'sig' },
            { type: 'text', text: 'I call.' },
            { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
            { type: 'tool_use', id: 't2', name: 'g', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'image', source: png }] },
            { type: 'tool_result', tool_use_id: 't2', content: 'bad', is_error: true },
            { type: 'text', text: 'Go on' },
          ],
        },
      ],
    });
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } };
    expect(body.messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Look' }, image] },
      {
        role: 'assistant',
        content: 'I call.',
        tool_calls: [
          { id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
          { id: 't2', type: 'function', function: { name: 'g', arguments: '{}' } },
        ],
      },
      {
        role: 'tool',
        tool_call_id: 't1',
        content: 'The result is attached as an image in the next message.',
      },
      { role: 'tool', tool_call_id: 't2', content: 'bad' },
      { role: 'user', content: [image] },
      { role: 'user', content: 'Go on' },
    ]);
    expect(dropped).toEqual(['thinking', 'isError']);
  });

  const closed = { type: 'object', properties: { a: {} }, required: ['a'], additionalProperties: false };
  const open = { type: 'object', properties: { a: {} }, additionalProperties: false };
  it.each<[object, object]>([
    [closed, { name: 'response', schema: closed, strict: true }],
    [open, { name: 'response', schema: open }],
  ])('asks for the schema %j, strictly where that is possible', (schema, expected) => {
    const { body } = crossed({ output_config: { format: { type: 'json_schema', schema } } });
    expect(body.response_format).toEqual({ type: 'json_schema', json_schema: expected });
  });

  it.each<[object, readonly string[]]>([
    [{ top_k: 5 }, ['top_k']],
    [{ stop_sequences: ['1', '2', '3', '4', '5'] }, ['stop']],
    [{ metadata: { user_id: 'x'.repeat(65) } }, ['user']],
    [{ metadata: { team: 'a' } }, ['metadata']],
    [
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: [{ type: 'server_tool_use', id: 's', name: 'n', input: {} }] },
          { role: 'user', content: 'b' },
        ],
      },
      ['server_tool_use'],
    ],
  ])('lists what it loses: %j', (fields, expected) => {
    expect(crossed(fields).dropped).toEqual(expected);
  });

  const document = {
    type: 'document',
    source: { type: 'base64', media_type: 'application/pdf', data: 'QQ==' },
  };
  it.each<[string, object]>([
    ['a document of the user', { messages: [{ role: 'user', content: [document] }] }],
    [
      'a document in a tool result',
      {
        messages: [
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [document] }] },
        ],
      },
    ],
    ['a tool that the provider runs', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['a tool with too long a name', { tools: [{ name: 'x'.repeat(65), input_schema: { type: 'object' } }] }],
    ['servers of the provider', { mcp_servers: [{ name: 's' }] }],
  ])('is refused for %s', (_name, fields) => {
    expect(() => crossed(fields)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  it('uses the name that the upstream knows the ceiling by', () => {
    expect(crossed({}, { outputLimitField: 'max_tokens' }).body).toEqual({
      ...HELLO,
      model: 'up-1',
      max_tokens: 100,
    });
  });
});
