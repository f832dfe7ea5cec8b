import { describe, expect, it } from 'vitest';
import type { Part, ReasoningOptions, ToolChoice } from '../../../src/core/chat.ts';
import { RouterError } from '../../../src/core/errors.ts';
import { createAnthropicMessagesDialect } from '../../../src/dialects/index.ts';

const dialect = createAnthropicMessagesDialect();
const HELLO = { model: 'auto', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] };

function errorOf(body: unknown): RouterError {
  try {
    dialect.decodeRequest(body);
  } catch (error) {
    if (error instanceof RouterError) return error;
    throw error;
  }
  throw new Error('the body was accepted');
}

describe('a whole request', () => {
  it('is decoded field by field, and kept as it came', () => {
    const body = {
      ...HELLO,
      system: 'Be brief.',
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      stop_sequences: ['END'],
      stream: true,
      metadata: { user_id: 'u1', team: 'a' },
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
      tools: [{ name: 'f', description: 'd', input_schema: { type: 'object' } }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
    };
    expect(dialect.decodeRequest(body)).toEqual({
      dialect: 'anthropic-messages',
      raw: body,
      model: 'auto',
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
        { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
      ],
      tools: [{ type: 'function', name: 'f', description: 'd', parameters: { type: 'object' } }],
      toolChoice: 'required',
      parallelToolCalls: false,
      maxOutputTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      stop: ['END'],
      reasoning: { budgetTokens: 2_000 },
      responseFormat: { type: 'json_schema', name: 'response', schema: { type: 'object' } },
      stream: true,
      user: 'u1',
      metadata: { team: 'a' },
      nativeFields: [{ name: 'top_k', essential: false }],
    });
  });

  it('marks what changes the meaning of the answer', () => {
    const native = dialect.decodeRequest({ ...HELLO, mcp_servers: [{ name: 's' }], service_tier: 'auto' });
    expect(native.nativeFields).toEqual([
      { name: 'mcp_servers', essential: true },
      { name: 'service_tier', essential: false },
    ]);
  });
});

describe('messages', () => {
  it('with tool results become tool messages, before what else the user said', () => {
    const { messages } = dialect.decodeRequest({
      ...HELLO,
      system: [
        { type: 'text', text: 'One.' },
        { type: 'text', text: 'Two.', cache_control: { type: 'ephemeral' } },
      ],
      messages: [
        { role: 'user', content: 'Go' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'sig' },
            { type: 'redacted_thinking', data: 'xyz' },
            { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
            { type: 'tool_use', id: 't2', name: 'g', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: 'one' },
            { type: 'tool_result', tool_use_id: 't2', is_error: true },
            { type: 'text', text: 'And?' },
          ],
        },
      ],
    });
    expect(messages).toEqual([
      {
        role: 'system',
        content: [
          { type: 'text', text: 'One.' },
          { type: 'text', text: 'Two.' },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'Go' }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', text: 'hm', signature: 'sig' },
          { type: 'thinking', text: '', redacted: 'xyz' },
          { type: 'tool_call', id: 't1', name: 'f', arguments: '{"a":1}' },
          { type: 'tool_call', id: 't2', name: 'g', arguments: '{}' },
        ],
      },
      {
        role: 'tool',
        content: [{ type: 'tool_result', callId: 't1', content: [{ type: 'text', text: 'one' }] }],
      },
      { role: 'tool', content: [{ type: 'tool_result', callId: 't2', content: [], isError: true }] },
      { role: 'user', content: [{ type: 'text', text: 'And?' }] },
    ]);
  });

  const opaque = (raw: { type: string; [key: string]: unknown }): Part =>
    ({ type: 'opaque', dialect: 'anthropic-messages', kind: raw.type, raw }) as Part;
  const document = {
    type: 'document',
    source: { type: 'base64', media_type: 'application/pdf', data: 'QQ==' },
  };
  const fileImage = { type: 'image', source: { type: 'file', file_id: 'f1' } };
  const webResult = { type: 'web_search_tool_result', tool_use_id: 's1', content: [] };
  const richResult = { type: 'tool_result', tool_use_id: 't1', content: [document] };

  it.each<[object, Part]>([
    [
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
      { type: 'image', data: { mediaType: 'image/png', base64: 'QUJD' } },
    ],
    [
      { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
      { type: 'image', url: 'https://x.test/a.png' },
    ],
    [fileImage, opaque(fileImage)],
    [document, opaque(document)],
    [webResult, opaque(webResult)],
    [richResult, opaque(richResult)],
    [
      { type: 'thinking', thinking: 'hm', signature: '' },
      { type: 'thinking', text: 'hm' },
    ],
  ])('hold the block %j', (block, expected) => {
    const { messages } = dialect.decodeRequest({ ...HELLO, messages: [{ role: 'user', content: [block] }] });
    expect(messages[0]?.content).toEqual([expected]);
  });
});

describe('fields', () => {
  it.each<[object, ToolChoice | undefined, boolean | undefined]>([
    [{ type: 'auto' }, 'auto', undefined],
    [{ type: 'any', disable_parallel_tool_use: false }, 'required', true],
    [{ type: 'tool', name: 'f', disable_parallel_tool_use: true }, { name: 'f' }, false],
    [{ type: 'none' }, 'none', undefined],
  ])('tool_choice %j', (choice, expected, parallel) => {
    const request = dialect.decodeRequest({ ...HELLO, tool_choice: choice });
    expect(request.toolChoice).toEqual(expected);
    expect(request.parallelToolCalls).toBe(parallel);
  });

  it.each<[object, ReasoningOptions | undefined]>([
    [{ thinking: { type: 'enabled', budget_tokens: 1_024 } }, { budgetTokens: 1_024 }],
    [{ thinking: { type: 'adaptive' } }, { effort: 'high' }],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }, { effort: 'low' }],
    [{ thinking: { type: 'disabled' }, output_config: { effort: 'low' } }, undefined],
    [{ output_config: { effort: 'medium' } }, { effort: 'medium' }],
    [{}, undefined],
  ])('thinking in %j', (fields, expected) => {
    expect(dialect.decodeRequest({ ...HELLO, ...fields }).reasoning).toEqual(expected);
  });

  it('tools of the provider stay opaque', () => {
    const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 2 };
    const custom = { type: 'custom', name: 'f', input_schema: { type: 'object' } };
    expect(dialect.decodeRequest({ ...HELLO, tools: [search, custom] }).tools).toEqual([
      { type: 'builtin', dialect: 'anthropic-messages', name: 'web_search', raw: search },
      { type: 'function', name: 'f', parameters: { type: 'object' } },
    ]);
  });
});

describe('a bad request', () => {
  it.each<[string, unknown, string | undefined, string]>([
    ['no object', null, undefined, 'The body must be an object.'],
    [
      'no max_tokens',
      { model: 'm', messages: HELLO.messages },
      'max_tokens',
      'max_tokens is required and must be a number.',
    ],
    [
      'an unknown role',
      { ...HELLO, messages: [{ role: 'tool', content: 'x' }] },
      'messages[0].role',
      'messages[0].role must be one of "user", "assistant", "system".',
    ],
    [
      'content of a wrong type',
      { ...HELLO, messages: [{ role: 'user', content: true }] },
      'messages[0].content',
      'messages[0].content must be a string or an array of content blocks.',
    ],
    [
      'system of a wrong type',
      { ...HELLO, system: 1 },
      'system',
      'system must be a string or an array of content blocks.',
    ],
    [
      'a tool use without input',
      { ...HELLO, messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'b' }] }] },
      'messages[0].content[0].input',
      'messages[0].content[0].input is required and must be an object.',
    ],
    [
      'a bad block within a tool result',
      {
        ...HELLO,
        messages: [
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text' }] }] },
        ],
      },
      'messages[0].content[0].content[0].text',
      'messages[0].content[0].content[0].text is required and must be a string.',
    ],
    ['a hot temperature', { ...HELLO, temperature: 1.5 }, 'temperature', 'temperature must be at most 1.'],
    [
      'a tool without a schema',
      { ...HELLO, tools: [{ name: 'f' }] },
      'tools[0].input_schema',
      'tools[0].input_schema is required and must be an object.',
    ],
    [
      'an unknown tool choice',
      { ...HELLO, tool_choice: { type: 'maybe' } },
      'tool_choice.type',
      'tool_choice.type must be one of "auto", "any", "tool", "none".',
    ],
    [
      'a choice of no tool',
      { ...HELLO, tool_choice: { type: 'tool' } },
      'tool_choice.name',
      'tool_choice.name is required and must be a string.',
    ],
    [
      'a single stop sequence',
      { ...HELLO, stop_sequences: 'END' },
      'stop_sequences',
      'stop_sequences must be an array.',
    ],
  ])('with %s is refused by name', (_name, body, field, message) => {
    const error = errorOf(body);
    expect(error.code).toBe('invalid_request');
    expect(error.field).toBe(field);
    expect(error.message).toBe(message);
  });
});
