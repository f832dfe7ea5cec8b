import { describe, expect, it } from 'vitest';
import type { ChatRequest, Message } from '../../../src/core/chat.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { createOpenAiResponsesDialect } from '../../../src/dialects/index.ts';

const dialect = createOpenAiResponsesDialect();
const decode = (fields: object): ChatRequest =>
  dialect.decodeRequest({ model: 'auto', input: 'Hi', ...fields });
const text = (value: string) => ({ type: 'text' as const, text: value });
const opaque = (kind: string, raw: object) => ({
  type: 'opaque' as const,
  dialect: 'openai-responses' as const,
  kind,
  raw: raw as JsonObject,
});
const call = (id: string) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' });
const toolCall = (id: string) => ({ type: 'tool_call' as const, id, name: 'f', arguments: '{}' });

describe('the input', () => {
  it.each<[string, unknown, readonly Message[]]>([
    ['a string', 'Hi', [{ role: 'user', content: [text('Hi')] }]],
    [
      'messages with and without a type',
      [
        { role: 'developer', content: 'a' },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'b' }] },
        {
          type: 'message',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'c', annotations: [] }],
        },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'd' }] },
        { role: 'system', content: 'e' },
      ],
      [
        { role: 'system', content: [text('a')] },
        { role: 'user', content: [text('b')] },
        { role: 'assistant', content: [text('c'), { type: 'refusal', text: 'd' }] },
        { role: 'system', content: [text('e')] },
      ],
    ],
    [
      'images',
      [
        {
          role: 'user',
          content: [
            { type: 'input_image', image_url: 'data:image/png;base64,QUJD', detail: 'low' },
            { type: 'input_image', image_url: 'https://x.test/a.png' },
            { type: 'input_image', file_id: 'file_1' },
            { type: 'input_file', file_id: 'file_2' },
          ],
        },
      ],
      [
        {
          role: 'user',
          content: [
            { type: 'image', data: { mediaType: 'image/png', base64: 'QUJD' }, detail: 'low' },
            { type: 'image', url: 'https://x.test/a.png' },
            opaque('input_image', { type: 'input_image', file_id: 'file_1' }),
            opaque('input_file', { type: 'input_file', file_id: 'file_2' }),
          ],
        },
      ],
    ],
    [
      'a turn of the assistant item by item, and the results of its calls',
      [
        { role: 'user', content: 'a' },
        {
          type: 'reasoning',
          id: 'rs_1',
          summary: [{ type: 'summary_text', text: 'hm' }],
          encrypted_content: 'x',
        },
        { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'y' },
        { role: 'assistant', content: 'b' },
        call('c1'),
        call('c2'),
        { type: 'function_call_output', call_id: 'c1', output: 'one' },
        { type: 'function_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'two' }] },
        call('c3'),
        { type: 'function_call_output', call_id: 'c3', output: '' },
      ],
      [
        { role: 'user', content: [text('a')] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', text: 'hm', signature: 'x' },
            { type: 'thinking', text: '', redacted: 'y' },
            text('b'),
            toolCall('c1'),
            toolCall('c2'),
          ],
        },
        { role: 'tool', content: [{ type: 'tool_result', callId: 'c1', content: [text('one')] }] },
        { role: 'tool', content: [{ type: 'tool_result', callId: 'c2', content: [text('two')] }] },
        { role: 'assistant', content: [toolCall('c3')] },
        { role: 'tool', content: [{ type: 'tool_result', callId: 'c3', content: [] }] },
      ],
    ],
    [
      'what only this format has: of the model’s making, and for the model to know',
      [
        { type: 'web_search_call', id: 'ws_1' },
        { type: 'item_reference', id: 'msg_1' },
        { type: 'custom_tool_call_output', call_id: 'c', output: 'x' },
      ],
      [
        {
          role: 'assistant',
          content: [opaque('web_search_call', { type: 'web_search_call', id: 'ws_1' })],
        },
        { role: 'user', content: [opaque('item_reference', { type: 'item_reference', id: 'msg_1' })] },
        {
          role: 'user',
          content: [
            opaque('custom_tool_call_output', { type: 'custom_tool_call_output', call_id: 'c', output: 'x' }),
          ],
        },
      ],
    ],
  ])('may be %s', (_name, input, messages) => {
    expect(decode({ input }).messages).toEqual(messages);
  });

  it('follows the instructions', () => {
    expect(decode({ instructions: 'Be brief.' }).messages).toEqual([
      { role: 'system', content: [text('Be brief.')] },
      { role: 'user', content: [text('Hi')] },
    ]);
  });

  it.each([{ previous_response_id: 'resp_1' }, { conversation: 'conv_1' }, { prompt: { id: 'pmpt_1' } }])(
    'may be left out beside %j',
    (fields) => {
      expect(dialect.decodeRequest({ model: 'auto', ...fields }).messages).toEqual([]);
    },
  );
});

describe('a field', () => {
  it.each<[object, Partial<ChatRequest>]>([
    [{ max_output_tokens: 9 }, { maxOutputTokens: 9 }],
    [{ temperature: 0.5 }, { temperature: 0.5 }],
    [{ top_p: 0.5 }, { topP: 0.5 }],
    [{ stream: true }, { stream: true }],
    [{ parallel_tool_calls: false }, { parallelToolCalls: false }],
    [{ reasoning: { effort: 'low' } }, { reasoning: { effort: 'low' } }],
    [{ reasoning: { effort: null } }, {}],
    [{ user: 'u' }, { user: 'u' }],
    [{ user: 'u', safety_identifier: 's' }, { user: 's' }],
    [{ metadata: { a: 'b', c: 1 } }, { metadata: { a: 'b' } }],
    [{ text: { format: { type: 'text' } } }, { responseFormat: { type: 'text' } }],
    [{ text: { format: { type: 'json_object' } } }, { responseFormat: { type: 'json_object' } }],
    [
      { text: { format: { type: 'json_schema', name: 'x', schema: { type: 'object' }, strict: true } } },
      { responseFormat: { type: 'json_schema', name: 'x', schema: { type: 'object' }, strict: true } },
    ],
    [{ store: false, truncation: 'disabled', include: [], background: false, top_logprobs: 0 }, {}],
    [{ store: true }, { nativeFields: [{ name: 'store', essential: false }] }],
    [
      { include: ['reasoning.encrypted_content'], truncation: 'auto', service_tier: 'flex' },
      {
        nativeFields: [
          { name: 'include', essential: false },
          { name: 'truncation', essential: false },
          { name: 'service_tier', essential: false },
        ],
      },
    ],
    [
      { reasoning: { effort: 'low', summary: 'auto' }, text: { verbosity: 'low' } },
      {
        reasoning: { effort: 'low' },
        nativeFields: [
          { name: 'reasoning.summary', essential: false },
          { name: 'text.verbosity', essential: false },
        ],
      },
    ],
    [
      { previous_response_id: 'resp_1' },
      { nativeFields: [{ name: 'previous_response_id', essential: true }] },
    ],
    [{ conversation: { id: 'c' } }, { nativeFields: [{ name: 'conversation', essential: true }] }],
    [{ prompt: { id: 'p' } }, { nativeFields: [{ name: 'prompt', essential: true }] }],
    [{ background: true }, { nativeFields: [{ name: 'background', essential: true }] }],
    [{ tool_choice: { type: 'web_search' } }, { nativeFields: [{ name: 'tool_choice', essential: false }] }],
  ])('%j is read', (fields, expected) => {
    const { raw: _raw, dialect: _dialect, model: _model, messages: _messages, ...rest } = decode(fields);
    expect(rest).toEqual({ tools: [], stream: false, metadata: {}, ...expected });
  });
});

describe('tools', () => {
  const f = { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true };
  const g = { type: 'function', name: 'g', strict: false };
  const search = { type: 'web_search', filters: {} };
  const decoded = {
    f: { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
    g: { type: 'function', name: 'g', parameters: { type: 'object', properties: {} } },
    search: { type: 'builtin', dialect: 'openai-responses', name: 'web_search', raw: search },
  };
  const all = [decoded.f, decoded.g, decoded.search];
  it.each<[unknown, unknown, readonly object[]]>([
    [undefined, undefined, all],
    ['auto', 'auto', all],
    ['none', 'none', all],
    ['required', 'required', all],
    [{ type: 'function', name: 'f' }, { name: 'f' }, all],
    [{ type: 'web_search' }, undefined, all],
    [
      {
        type: 'allowed_tools',
        mode: 'required',
        tools: [{ type: 'function', name: 'g' }, { type: 'web_search' }],
      },
      'required',
      [decoded.g, decoded.search],
    ],
  ])('chosen by %j', (choice, toolChoice, tools) => {
    const request = decode({ tools: [f, g, search], tool_choice: choice });
    expect(request.tools).toEqual(tools);
    expect(request.toolChoice).toEqual(toolChoice);
  });
});

describe('a body is refused where', () => {
  it.each<[object, string, string]>([
    [{ model: undefined }, 'model', 'is required'],
    [{ input: undefined }, 'input', 'is required'],
    [{ input: [] }, 'input', 'must not be empty'],
    [{ input: 7 }, 'input', 'a string or an array of items'],
    [{ input: [{ role: 'tool', content: 'x' }] }, 'input[0].role', '"user"'],
    [{ input: [{ role: 'user', content: [{ text: 'x' }] }] }, 'input[0].content[0]', 'type'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'data:x' }] }] },
      'input[0].content[0].image_url',
      'data URL',
    ],
    [{ input: [{ type: 'function_call', name: 'f', arguments: '{}' }] }, 'input[0].call_id', 'required'],
    [{ input: [{ type: 'function_call_output', output: 'x' }] }, 'input[0].call_id', 'required'],
    [{ max_output_tokens: 0 }, 'max_output_tokens', 'at least 1'],
    [{ temperature: 3 }, 'temperature', 'at most 2'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].name', 'required'],
    [{ tool_choice: 'maybe' }, 'tool_choice', '"required"'],
    [{ text: { format: { type: 'xml' } } }, 'text.format.type', '"json_schema"'],
    [{ text: { format: { type: 'json_schema', name: 'x' } } }, 'text.format.schema', 'required'],
    [{ previous_response_id: 'resp_router_abc' }, 'previous_response_id', 'is not stored'],
  ])('%j', (fields, field, message) => {
    expect(() => decode(fields)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        field,
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
