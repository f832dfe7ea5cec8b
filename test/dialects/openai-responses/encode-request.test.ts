import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import {
  createAnthropicMessagesDialect,
  createOpenAiChatDialect,
  createOpenAiResponsesDialect,
  type OpenAiResponsesOptions,
} from '../../../src/dialects/index.ts';

interface Encoded {
  readonly body: JsonObject;
  readonly dropped: readonly string[];
}

const responses = createOpenAiResponsesDialect();
const chat = createOpenAiChatDialect();
const anthropic = createAnthropicMessagesDialect();
const HELLO = { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] };
const ASKED = { role: 'user', content: [{ type: 'input_text', text: 'Hello' }] };

/** What a Responses upstream is sent for a Responses body. */
function passed(body: object, options: OpenAiResponsesOptions = {}): Encoded {
  return createOpenAiResponsesDialect(options).encodeRequest(responses.decodeRequest(body), 'up-1');
}

/** What a Responses upstream is sent for a chat completions body. */
function crossed(fields: object): Encoded {
  return responses.encodeRequest(chat.decodeRequest({ ...HELLO, ...fields }), 'up-1');
}

describe('a body of the same dialect', () => {
  it('passes with only the model changed', () => {
    const body = {
      model: 'auto',
      previous_response_id: 'resp_1',
      input: [
        { type: 'reasoning', id: 'rs_1', summary: [] },
        { type: 'unheard_of', deep: [null] },
      ],
      store: true,
      background: true,
      unheard_of: { deep: [null] },
    };
    expect(passed(body)).toEqual({ body: { ...body, model: 'up-1' }, dropped: [] });
  });

  it('loses reasoning that was translated here, and ids that no provider knows', () => {
    const theirs = { type: 'reasoning', id: 'rs_9', summary: [] };
    const input = [
      { role: 'user', content: 'a' },
      theirs,
      { type: 'reasoning', id: 'rs_router_x_0', summary: [] },
      { type: 'message', id: 'msg_router_x_1', role: 'assistant', content: 'b' },
    ];
    const ours = { type: 'message', role: 'assistant', content: 'b' };
    expect(passed({ model: 'auto', input })).toEqual({
      body: { model: 'up-1', input: [{ role: 'user', content: 'a' }, theirs, ours] },
      dropped: ['thinking'],
    });
  });

  it.each([
    [77, 77, []],
    [5, 16, ['maxOutputTokens']],
  ])('gets the ceiling %i of its route where it has none, as %i', (ceiling, sent, dropped) => {
    const request = { ...responses.decodeRequest({ model: 'auto', input: 'a' }), maxOutputTokens: ceiling };
    expect(responses.encodeRequest(request, 'up-1')).toEqual({
      body: { model: 'up-1', input: 'a', max_output_tokens: sent },
      dropped,
    });
  });

  it('loses what the upstream refuses, and says so', () => {
    const refuses = () => ['temperature', 'top_p'];
    expect(passed({ model: 'auto', input: 'a', temperature: 0 }, { refuses })).toEqual({
      body: { model: 'up-1', input: 'a' },
      dropped: ['temperature'],
    });
  });
});

describe('a chat completions body', () => {
  it('is translated field by field, and not stored', () => {
    const schema = { type: 'object', properties: {}, additionalProperties: false };
    expect(
      crossed({
        messages: [{ role: 'developer', content: 'Be brief.' }, ...HELLO.messages],
        tools: [
          { type: 'function', function: { name: 'f', description: 'd', strict: true } },
          { type: 'function', function: { name: 'g' } },
        ],
        tool_choice: { type: 'function', function: { name: 'f' } },
        parallel_tool_calls: false,
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
        temperature: 0.5,
        top_p: 0.9,
        max_tokens: 77,
        reasoning_effort: 'xhigh',
        user: 'u1',
        stream: true,
      }),
    ).toEqual({
      body: {
        model: 'up-1',
        instructions: 'Be brief.',
        input: [ASKED],
        tools: [
          {
            type: 'function',
            name: 'f',
            description: 'd',
            parameters: { type: 'object', properties: {} },
            strict: true,
          },
          { type: 'function', name: 'g', parameters: { type: 'object', properties: {} }, strict: false },
        ],
        tool_choice: { type: 'function', name: 'f' },
        parallel_tool_calls: false,
        text: { format: { type: 'json_schema', name: 'x', schema, strict: true } },
        max_output_tokens: 77,
        temperature: 0.5,
        top_p: 0.9,
        reasoning: { effort: 'high' },
        stream: true,
        user: 'u1',
        store: false,
      },
      dropped: [],
    });
  });

  it('keeps turns, calls and results in their order', () => {
    const { body } = crossed({
      messages: [
        { role: 'system', content: 'One.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD', detail: 'low' } },
          ],
        },
        {
          role: 'assistant',
          content: 'b',
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{bad' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: '' },
        { role: 'system', content: 'Two.' },
        { role: 'assistant', content: null, refusal: 'no' },
      ],
    });
    expect(body.instructions).toBe('One.');
    expect(body.input).toEqual([
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'a' },
          { type: 'input_image', image_url: 'data:image/png;base64,QUJD', detail: 'low' },
        ],
      },
      { role: 'assistant', content: [{ type: 'output_text', text: 'b' }] },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{bad' },
      { type: 'function_call_output', call_id: 'c1', output: '' },
      { role: 'developer', content: [{ type: 'input_text', text: 'Two.' }] },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] },
    ]);
  });

  it('of instructions only is said in the input', () => {
    const { body } = crossed({ messages: [{ role: 'system', content: 'Sing' }] });
    expect(body).toEqual({
      model: 'up-1',
      input: [{ role: 'developer', content: [{ type: 'input_text', text: 'Sing' }] }],
      store: false,
    });
  });

  it.each<[object, object, readonly string[]]>([
    [{ stop: ['END'] }, {}, ['stop']],
    [{ max_tokens: 5 }, { max_output_tokens: 16 }, ['maxOutputTokens']],
    [{ metadata: { a: 'b' } }, {}, ['metadata']],
    [{ logprobs: true, seed: 1 }, {}, ['logprobs', 'seed']],
    [{ user: 'u'.repeat(65) }, {}, ['user']],
    [{ messages: [{ role: 'user', name: 'ada', content: 'Hello' }] }, {}, ['name']],
    [{ response_format: { type: 'json_object' } }, { text: { format: { type: 'json_object' } } }, []],
    [{ response_format: { type: 'text' } }, {}, []],
  ])('of %j keeps %j', (fields, kept, dropped) => {
    const encoded = crossed(fields);
    expect(encoded).toEqual({ body: { model: 'up-1', input: [ASKED], ...kept, store: false }, dropped });
  });

  it.each<[string, object]>([
    ['several answers', { n: 2 }],
    [
      'audio of the user',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] },
    ],
    ['tools of another kind', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    ['a tool name that is too long', { tools: [{ type: 'function', function: { name: 'f'.repeat(65) } }] }],
  ])('is refused for %s', (_name, fields) => {
    expect(() => crossed(fields)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});

describe('a messages body', () => {
  it('loses thinking and says so, and keeps the rest', () => {
    const request = anthropic.decodeRequest({
      model: 'auto',
      max_tokens: 100,
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      messages: [
        { role: 'user', content: 'a' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'sig' },
            { type: 'tool_use', id: 't', name: 'f', input: { x: 1 } },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 't',
              is_error: true,
              content: [{ type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } }],
            },
          ],
        },
      ],
    });
    expect(responses.encodeRequest(request, 'up-1')).toEqual({
      body: {
        model: 'up-1',
        input: [
          { role: 'user', content: [{ type: 'input_text', text: 'a' }] },
          { type: 'function_call', call_id: 't', name: 'f', arguments: '{"x":1}' },
          {
            type: 'function_call_output',
            call_id: 't',
            output: [{ type: 'input_image', image_url: 'https://x.test/a.png' }],
          },
        ],
        max_output_tokens: 100,
        reasoning: { effort: 'low' },
        store: false,
      },
      dropped: ['thinking', 'isError'],
    });
  });
});

describe.each([chat, anthropic])('a Responses body before an upstream of $id', (target) => {
  const sent = (fields: object) =>
    target.encodeRequest(responses.decodeRequest({ model: 'auto', input: 'Hello', ...fields }), 'up-1');

  it.each<[object, readonly string[]]>([
    [{ include: ['reasoning.encrypted_content'] }, ['include']],
    [{ store: true, truncation: 'auto', service_tier: 'flex' }, ['store', 'truncation', 'service_tier']],
    [{ prompt_cache_key: 'k', max_tool_calls: 3 }, ['prompt_cache_key', 'max_tool_calls']],
    [{ reasoning: { summary: 'auto' }, text: { verbosity: 'low' } }, ['reasoning.summary', 'text.verbosity']],
    [{ metadata: { a: 'b' } }, ['metadata']],
    [
      {
        input: [
          { role: 'user', content: 'a' },
          { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' },
          { type: 'web_search_call', id: 'ws_1' },
          { role: 'assistant', content: 'b' },
          { role: 'user', content: 'c' },
        ],
      },
      ['thinking', 'web_search_call'],
    ],
  ])('of %j lists what it loses', (fields, dropped) => {
    const encoded = sent(fields);
    expect(encoded.dropped).toEqual(dropped);
    expect(JSON.stringify(encoded.body)).not.toMatch(/encrypted|rs_1|ws_1/);
  });

  it.each<[string, object, string]>([
    ['a stored answer', { previous_response_id: 'resp_1' }, 'previous_response_id'],
    ['a conversation', { conversation: 'conv_1' }, 'conversation'],
    ['a stored prompt', { prompt: { id: 'pmpt_1' } }, 'prompt'],
    ['the background', { background: true }, 'background'],
    ['a tool of its provider', { tools: [{ type: 'web_search' }] }, 'tools'],
    ['a stored item', { input: [{ type: 'item_reference', id: 'msg_1' }] }, 'messages'],
    [
      'a stored file',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] },
      'messages',
    ],
  ])('is refused for %s', (_name, fields, field) => {
    expect(() => sent(fields)).toThrow(expect.objectContaining({ code: 'unsupported', field }));
  });
});

describe('the summary of reasoning', () => {
  const asking = (thinking: object): JsonObject | undefined => {
    const messages = [{ role: 'user', content: 'a' }];
    const request = createAnthropicMessagesDialect().decodeRequest({
      model: 'auto',
      max_tokens: 9_000,
      messages,
      ...thinking,
    });
    const dialect = createOpenAiResponsesDialect({ reasoningSummary: 'auto' });
    return dialect.encodeRequest(request, 'up-1').body.reasoning as JsonObject | undefined;
  };

  it('is asked for where the provider gives it and the caller asks for reasoning', () => {
    const thinking = { type: 'enabled', budget_tokens: 2_000 };
    expect(asking({ thinking })).toEqual({ effort: 'low', summary: 'auto' });
    expect(asking({})).toBeUndefined();
  });

  it('is left to callers of the format itself', () => {
    const body = { model: 'auto', input: 'a', reasoning: { effort: 'low' } };
    const dialect = createOpenAiResponsesDialect({ reasoningSummary: 'auto' });
    const { reasoning } = dialect.encodeRequest(responses.decodeRequest(body), 'up-1').body;
    expect(reasoning).toEqual({ effort: 'low' });
  });
});
