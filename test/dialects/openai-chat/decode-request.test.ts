import { describe, expect, it } from 'vitest';
import type { Part, Tool, ToolChoice } from '../../../src/core/chat.ts';
import { RouterError } from '../../../src/core/errors.ts';
import { createOpenAiChatDialect } from '../../../src/dialects/index.ts';

const dialect = createOpenAiChatDialect();
const HELLO = { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] };

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
      max_completion_tokens: 50,
      temperature: 0.2,
      top_p: 0.9,
      stop: 'END',
      reasoning_effort: 'low',
      parallel_tool_calls: false,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
      stream: true,
      stream_options: { include_usage: true },
      user: 'u1',
      metadata: { team: 'a', count: 3 },
      unheard_of: [1],
    };
    expect(dialect.decodeRequest(body)).toEqual({
      dialect: 'openai-chat',
      raw: body,
      model: 'auto',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      tools: [],
      maxOutputTokens: 50,
      temperature: 0.2,
      topP: 0.9,
      stop: ['END'],
      reasoning: { effort: 'low' },
      parallelToolCalls: false,
      responseFormat: { type: 'json_schema', name: 'x', schema: { type: 'object' } },
      stream: true,
      includeUsage: true,
      user: 'u1',
      metadata: { team: 'a' },
      nativeFields: [{ name: 'unheard_of', essential: false }],
    });
  });

  it('has no field where the caller sent null', () => {
    const nulls = {
      temperature: null,
      max_tokens: null,
      tools: null,
      tool_choice: null,
      stop: null,
      stream: null,
    };
    const { raw, ...request } = dialect.decodeRequest({ ...HELLO, ...nulls });
    const { raw: plainRaw, ...plain } = dialect.decodeRequest(HELLO);
    expect(request).toEqual(plain);
    expect(raw).not.toBe(plainRaw);
  });

  it.each<[object, readonly string[], readonly string[]]>([
    [{ n: 1, logprobs: false, presence_penalty: 0, store: false, modalities: ['text'] }, [], []],
    [{ n: 2, logprobs: true, seed: 7 }, ['n'], ['logprobs', 'seed']],
    [{ store: true }, [], ['store']],
    [{ modalities: ['text', 'audio'], audio: { voice: 'alloy' } }, ['modalities', 'audio'], []],
    [{ web_search_options: {} }, ['web_search_options'], []],
    [{ tool_choice: { type: 'allowed_tools', allowed_tools: {} } }, [], ['tool_choice']],
  ])('sorts what only this dialect can say: %j', (fields, essential, optional) => {
    const native = dialect.decodeRequest({ ...HELLO, ...fields }).nativeFields ?? [];
    expect(native.filter((field) => field.essential).map((field) => field.name)).toEqual(essential);
    expect(native.filter((field) => !field.essential).map((field) => field.name)).toEqual(optional);
  });
});

describe('messages', () => {
  it('keep their order, roles and names', () => {
    const { messages } = dialect.decodeRequest({
      model: 'm',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'system', content: [{ type: 'text', text: 'Be kind.' }] },
        { role: 'user', content: 'Hi', name: 'ada' },
        { role: 'assistant', content: null, tool_calls: [call('c1', 'f', '{"a":1}'), call('c2', 'g', '')] },
        { role: 'tool', tool_call_id: 'c1', content: 'one' },
        { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: 'two' }] },
      ],
    });
    expect(messages).toEqual([
      { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'system', content: [{ type: 'text', text: 'Be kind.' }] },
      { role: 'user', content: [{ type: 'text', text: 'Hi' }], name: 'ada' },
      {
        role: 'assistant',
        content: [
          { type: 'tool_call', id: 'c1', name: 'f', arguments: '{"a":1}' },
          { type: 'tool_call', id: 'c2', name: 'g', arguments: '' },
        ],
      },
      {
        role: 'tool',
        content: [{ type: 'tool_result', callId: 'c1', content: [{ type: 'text', text: 'one' }] }],
      },
      {
        role: 'tool',
        content: [{ type: 'tool_result', callId: 'c2', content: [{ type: 'text', text: 'two' }] }],
      },
    ]);
  });

  it('join a legacy function call with its result', () => {
    const { messages } = dialect.decodeRequest({
      model: 'm',
      messages: [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: null, function_call: { name: 'w', arguments: '{}' } },
        { role: 'function', name: 'w', content: 'sunny' },
      ],
    });
    const called = messages[1]?.content[0];
    const result = messages[2]?.content[0];
    expect(called).toMatchObject({ type: 'tool_call', name: 'w', arguments: '{}' });
    expect(result).toMatchObject({ type: 'tool_result' });
    expect(result?.type === 'tool_result' && result.callId).toBe(called?.type === 'tool_call' && called.id);
  });

  it.each<[object, Part]>([
    [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'a' },
    ],
    [
      { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } },
      { type: 'image', url: 'https://x.test/a.png', detail: 'low' },
    ],
    [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } },
      { type: 'image', data: { mediaType: 'image/png', base64: 'QUJD' } },
    ],
    [
      { type: 'image_url', image_url: 'https://x.test/a.png' },
      { type: 'image', url: 'https://x.test/a.png' },
    ],
    [
      { type: 'input_audio', input_audio: { data: 'x', format: 'wav' } },
      {
        type: 'opaque',
        dialect: 'openai-chat',
        kind: 'input_audio',
        raw: { type: 'input_audio', input_audio: { data: 'x', format: 'wav' } },
      },
    ],
    [
      { type: 'hologram', v: 1 },
      { type: 'opaque', dialect: 'openai-chat', kind: 'hologram', raw: { type: 'hologram', v: 1 } },
    ],
  ])('hold the part %j', (part, expected) => {
    const { messages } = dialect.decodeRequest({ model: 'm', messages: [{ role: 'user', content: [part] }] });
    expect(messages[0]?.content).toEqual([expected]);
  });

  it('of the assistant hold reasoning, refusals and calls of other kinds', () => {
    const custom = { id: 'c1', type: 'custom', custom: { name: 'shell', input: 'ls' } };
    const { messages } = dialect.decodeRequest({
      model: 'm',
      messages: [
        { role: 'assistant', reasoning_content: 'hm', content: 'ok', refusal: 'no', tool_calls: [custom] },
      ],
    });
    expect(messages[0]?.content).toEqual([
      { type: 'thinking', text: 'hm' },
      { type: 'text', text: 'ok' },
      { type: 'refusal', text: 'no' },
      { type: 'opaque', dialect: 'openai-chat', kind: 'custom_tool_call', raw: custom },
    ]);
  });
});

describe('tools', () => {
  it('come from tools and from the legacy functions', () => {
    const { tools } = dialect.decodeRequest({
      ...HELLO,
      tools: [
        {
          type: 'function',
          function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
        },
        { type: 'custom', custom: { name: 'shell' } },
      ],
      functions: [{ name: 'g' }],
    });
    expect(tools).toEqual<Tool[]>([
      { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
      {
        type: 'builtin',
        dialect: 'openai-chat',
        name: 'custom',
        raw: { type: 'custom', custom: { name: 'shell' } },
      },
      { type: 'function', name: 'g', parameters: { type: 'object', properties: {} } },
    ]);
  });

  it.each<[object, ToolChoice | undefined]>([
    [{ tool_choice: 'auto' }, 'auto'],
    [{ tool_choice: 'none' }, 'none'],
    [{ tool_choice: 'required' }, 'required'],
    [{ tool_choice: { type: 'function', function: { name: 'f' } } }, { name: 'f' }],
    [{ tool_choice: { type: 'custom', custom: { name: 'c' } } }, undefined],
    [{ function_call: 'none' }, 'none'],
    [{ function_call: { name: 'g' } }, { name: 'g' }],
    [{}, undefined],
  ])('are chosen by %j', (fields, expected) => {
    expect(dialect.decodeRequest({ ...HELLO, ...fields }).toolChoice).toEqual(expected);
  });
});

describe('a bad request', () => {
  const withMessage = (message: unknown): object => ({ model: 'm', messages: [message] });
  it.each<[string, unknown, string | undefined, string]>([
    ['no object', 'hello', undefined, 'The body must be an object.'],
    ['a list', [], undefined, 'The body must be an object.'],
    ['no model', { messages: HELLO.messages }, 'model', 'model is required and must be a string.'],
    ['an empty model', { ...HELLO, model: '' }, 'model', 'model must not be empty.'],
    ['no messages', { model: 'm' }, 'messages', 'messages is required and must be an array.'],
    ['empty messages', { model: 'm', messages: [] }, 'messages', 'messages must not be empty.'],
    [
      'an unknown role',
      withMessage({ role: 'robot', content: 'x' }),
      'messages[0].role',
      'messages[0].role must be one of "developer", "system", "user", "assistant", "tool", "function".',
    ],
    [
      'content of a wrong type',
      withMessage({ role: 'user', content: 5 }),
      'messages[0].content',
      'messages[0].content must be a string or an array of content parts.',
    ],
    [
      'a user who says nothing',
      withMessage({ role: 'user', content: null }),
      'messages[0].content',
      'messages[0].content must be a string or an array of content parts.',
    ],
    [
      'a part without a type',
      withMessage({ role: 'user', content: [{ text: 'x' }] }),
      'messages[0].content[0]',
      'messages[0].content[0] must be an object with a type.',
    ],
    [
      'a text part without text',
      withMessage({ role: 'user', content: [{ type: 'text' }] }),
      'messages[0].content[0].text',
      'messages[0].content[0].text is required and must be a string.',
    ],
    [
      'an image that is neither URL nor data',
      withMessage({ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,x' } }] }),
      'messages[0].content[0].image_url.url',
      'messages[0].content[0].image_url.url must be an http(s) URL or a base64 data URL.',
    ],
    [
      'a tool message without an id',
      withMessage({ role: 'tool', content: 'x' }),
      'messages[0].tool_call_id',
      'messages[0].tool_call_id is required and must be a string.',
    ],
    [
      'a tool call without a name',
      withMessage({ role: 'assistant', tool_calls: [{ id: 'c', function: { arguments: '' } }] }),
      'messages[0].tool_calls[0].function.name',
      'messages[0].tool_calls[0].function.name is required and must be a string.',
    ],
    ['a hot temperature', { ...HELLO, temperature: 3 }, 'temperature', 'temperature must be at most 2.'],
    ['no tokens', { ...HELLO, max_tokens: 0 }, 'max_tokens', 'max_tokens must be at least 1.'],
    ['half tokens', { ...HELLO, max_tokens: 1.5 }, 'max_tokens', 'max_tokens must be a whole number.'],
    ['a number to stop', { ...HELLO, stop: 1 }, 'stop', 'stop must be a string or an array of strings.'],
    ['stream as text', { ...HELLO, stream: 'yes' }, 'stream', 'stream must be true or false.'],
    [
      'an unknown format',
      { ...HELLO, response_format: { type: 'xml' } },
      'response_format.type',
      'response_format.type must be one of "text", "json_object", "json_schema".',
    ],
    [
      'a schema without a name',
      { ...HELLO, response_format: { type: 'json_schema', json_schema: {} } },
      'response_format.json_schema.name',
      'response_format.json_schema.name is required and must be a string.',
    ],
    ['tools as an object', { ...HELLO, tools: {} }, 'tools', 'tools must be an array.'],
    [
      'a function without a name',
      { ...HELLO, tools: [{ type: 'function', function: {} }] },
      'tools[0].function.name',
      'tools[0].function.name is required and must be a string.',
    ],
    [
      'an unknown tool choice',
      { ...HELLO, tool_choice: 'maybe' },
      'tool_choice',
      'tool_choice must be "auto", "none", "required" or an object that names a function.',
    ],
  ])('with %s is refused by name', (_name, body, field, message) => {
    const error = errorOf(body);
    expect(error.code).toBe('invalid_request');
    expect(error.field).toBe(field);
    expect(error.message).toBe(message);
  });

  it('is never quoted', () => {
    expect(errorOf({ ...HELLO, temperature: 'my secret prompt' }).message).not.toContain('secret');
  });
});

function call(id: string, name: string, text: string): object {
  return { id, type: 'function', function: { name, arguments: text } };
}
