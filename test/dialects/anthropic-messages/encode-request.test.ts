import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { thinkingStyleOf } from '../../../src/dialects/anthropic-messages/thinking.ts';
import {
  type AnthropicMessagesOptions,
  createAnthropicMessagesDialect,
  createOpenAiChatDialect,
} from '../../../src/dialects/index.ts';

interface Encoded {
  readonly body: JsonObject;
  readonly dropped: readonly string[];
}

const HELLO = { model: 'auto', messages: [{ role: 'user', content: 'Hello' }] };

/** What an Anthropic upstream is sent for an Anthropic body. */
function passed(body: object, options: AnthropicMessagesOptions = {}): Encoded {
  const dialect = createAnthropicMessagesDialect(options);
  return dialect.encodeRequest(dialect.decodeRequest(body), 'up-1');
}

/** What an Anthropic upstream is sent for a chat completions body. */
function crossed(fields: object, options: AnthropicMessagesOptions = {}): Encoded {
  const request = createOpenAiChatDialect().decodeRequest({ ...HELLO, ...fields });
  return createAnthropicMessagesDialect(options).encodeRequest(request, 'up-1');
}

const user = (content: unknown): object => ({ role: 'user', content });
const assistant = (content: unknown, fields: object = {}): object => ({
  role: 'assistant',
  content,
  ...fields,
});
const call = (id: string, name: string, text: string): object => ({
  id,
  type: 'function',
  function: { name, arguments: text },
});

describe('a body of the same dialect', () => {
  it('passes with only the model changed', () => {
    const messages = [
      user([{ type: 'document', source: { type: 'text', data: 'x' } }]),
      assistant([{ type: 'thinking', thinking: 'hm', signature: 'sig' }]),
    ];
    const body = { model: 'auto', max_tokens: 5, messages, top_k: 3, unheard_of: { deep: [null] } };
    expect(passed(body)).toEqual({ body: { ...body, model: 'up-1' }, dropped: [] });
  });

  it('loses thinking that no model of this dialect signed', () => {
    const unsigned = { type: 'thinking', thinking: 'hm', signature: '' };
    const messages = [
      user('a'),
      assistant([unsigned, { type: 'text', text: 'b' }]),
      user('c'),
      assistant([unsigned]),
    ];
    expect(passed({ model: 'auto', max_tokens: 5, messages })).toEqual({
      body: {
        model: 'up-1',
        max_tokens: 5,
        messages: [user('a'), assistant([{ type: 'text', text: 'b' }]), user('c')],
      },
      dropped: ['thinking'],
    });
  });

  it('loses what the upstream refuses, and says so', () => {
    const body = { ...HELLO, max_tokens: 5, temperature: 0 };
    expect(passed(body, { refuses: () => ['temperature', 'top_k'] })).toEqual({
      body: { ...HELLO, max_tokens: 5, model: 'up-1' },
      dropped: ['temperature'],
    });
  });
});

describe('a chat completions body', () => {
  it('is translated field by field', () => {
    const { body, dropped } = crossed({
      messages: [{ role: 'developer', content: 'Be brief.' }, user('Hello')],
      tools: [{ type: 'function', function: { name: 'f', description: 'd', strict: true } }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      temperature: 0.5,
      stop: ['END'],
      max_tokens: 77,
      user: 'u1',
      stream: true,
    });
    expect(body).toEqual({
      model: 'up-1',
      max_tokens: 77,
      system: 'Be brief.',
      messages: [user('Hello')],
      tools: [
        { name: 'f', description: 'd', input_schema: { type: 'object', properties: {} }, strict: true },
      ],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      temperature: 0.5,
      stop_sequences: ['END'],
      metadata: { user_id: 'u1' },
      stream: true,
    });
    expect(dropped).toEqual([]);
  });

  it('has an output ceiling even where the caller set none', () => {
    expect(crossed({}).body).toEqual({ ...HELLO, model: 'up-1', max_tokens: 4_096 });
  });

  it('merges turns of one role, and tool results with what the user says next', () => {
    const { body } = crossed({
      messages: [
        user('a'),
        user([
          { type: 'text', text: 'b' },
          { type: 'image_url', image_url: { url: 'data:image/jpg;base64,QUJD' } },
          { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
        ]),
        assistant('c', {
          tool_calls: [call('fn.f:0', 'f', '{"a":1}'), call('c2', 'g', ''), call('c3', 'h', '{bad')],
        }),
        { role: 'tool', tool_call_id: 'fn.f:0', content: 'one' },
        { role: 'tool', tool_call_id: 'c2', content: '' },
        { role: 'tool', tool_call_id: 'c3', content: 'three' },
        user('d'),
      ],
      tools: [{ type: 'function', function: { name: 'f' } }],
    });
    expect(body.messages).toEqual([
      user([
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
        { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'QUJD' } },
        { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
      ]),
      assistant([
        { type: 'text', text: 'c' },
        { type: 'tool_use', id: 'fn_f_0', name: 'f', input: { a: 1 } },
        { type: 'tool_use', id: 'c2', name: 'g', input: {} },
        { type: 'tool_use', id: 'c3', name: 'h', input: { INVALID_JSON: '{bad' } },
      ]),
      user([
        { type: 'tool_result', tool_use_id: 'fn_f_0', content: [{ type: 'text', text: 'one' }] },
        { type: 'tool_result', tool_use_id: 'c2' },
        { type: 'tool_result', tool_use_id: 'c3', content: [{ type: 'text', text: 'three' }] },
        { type: 'text', text: 'd' },
      ]),
    ]);
  });

  it.each<[string, object[], unknown]>([
    ['empty texts are left out', [user('a'), assistant(''), user('b')], [user([text('a'), text('b')])]],
    [
      'the user begins',
      [assistant('hi'), user('a')],
      [user('(The conversation begins.)'), assistant('hi'), user('a')],
    ],
    ['a last answer does not end in space', [user('a'), assistant('so: ')], [user('a'), assistant('so:')]],
    ['a refusal is text', [user('a'), assistant(null, { refusal: 'no' })], [user('a'), assistant('no')]],
    [
      'a prompt of instructions only is said by the user',
      [{ role: 'system', content: 'Sing' }],
      [user('Sing')],
    ],
  ])('%s', (_name, messages, expected) => {
    expect(crossed({ messages }).body.messages).toEqual(expected);
  });

  it('gathers the system prompts, wherever they stood', () => {
    const { body, dropped } = crossed({
      messages: [{ role: 'system', content: 'One.' }, user('a'), { role: 'system', content: 'Two.' }],
    });
    expect(body.system).toEqual([text('One.'), text('Two.')]);
    expect(body.messages).toEqual([user('a')]);
    expect(dropped).toEqual(['systemPosition']);
  });

  it('defines the tools that its history called', () => {
    const { body } = crossed({
      messages: [
        user('a'),
        assistant(null, { tool_calls: [call('c1', 'f', '{}')] }),
        { role: 'tool', tool_call_id: 'c1', content: 'x' },
      ],
    });
    expect(body.tools).toEqual([{ name: 'f', input_schema: { type: 'object' } }]);
    expect(body.tool_choice).toEqual({ type: 'none' });
  });

  it.each<[object, unknown]>([
    [{ tool_choice: 'auto' }, { type: 'auto' }],
    [{ tool_choice: 'none' }, { type: 'none' }],
    [{ tool_choice: { type: 'function', function: { name: 'f' } } }, { type: 'tool', name: 'f' }],
    [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [{ parallel_tool_calls: true }, undefined],
    [{}, undefined],
  ])('chooses tools by %j', (fields, expected) => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(crossed({ tools, ...fields }).body.tool_choice).toEqual(expected);
  });

  it('asks for a JSON schema with every object closed', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'object', properties: {} }, b: { type: 'string' } },
    };
    const { body } = crossed({
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
    });
    expect(body.output_config).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: {
            a: { type: 'object', properties: {}, additionalProperties: false },
            b: { type: 'string' },
          },
          additionalProperties: false,
        },
      },
    });
  });

  it('asks for JSON in words where no schema is given', () => {
    const { body, dropped } = crossed({ response_format: { type: 'json_object' } });
    expect(body.system).toContain('JSON');
    expect(dropped).toEqual(['responseFormat']);
  });

  it.each<[object, object, readonly string[]]>([
    [{ temperature: 1.7 }, { temperature: 1 }, ['temperature']],
    [{ temperature: 0.2, top_p: 0.9 }, { temperature: 0.2 }, ['topP']],
    [{ top_p: 0.9 }, { top_p: 0.9 }, []],
    [{ stop: ['\n', 'END'] }, { stop_sequences: ['END'] }, ['stop']],
    [{ stop: '\n' }, {}, ['stop']],
    [{ logprobs: true, seed: 1 }, {}, ['logprobs', 'seed']],
    [{ metadata: { a: 'b' } }, {}, ['metadata']],
    [{ messages: [{ ...user('Hello'), name: 'ada' }] }, {}, ['name']],
    [{ response_format: { type: 'text' } }, {}, []],
  ])('of %j keeps %j', (fields, kept, dropped) => {
    expect(crossed(fields)).toEqual({
      body: { ...HELLO, model: 'up-1', max_tokens: 4_096, ...kept },
      dropped,
    });
  });

  it.each<[string, object]>([
    ['several answers', { n: 2 }],
    ['audio of the user', { messages: [user([{ type: 'input_audio', input_audio: {} }])] }],
    ['spoken answers', { modalities: ['audio'] }],
    ['tools of another kind', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
  ])('is refused for %s', (_name, fields) => {
    expect(() => crossed(fields)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});

describe('reasoning', () => {
  const PLAIN = { max_tokens: 4_096 };
  const budget = { thinkingStyle: () => 'budget' as const };
  const adaptive = { thinkingStyle: () => 'adaptive' as const };
  const looping = [
    user('a'),
    assistant(null, { tool_calls: [call('c1', 'f', '{}')] }),
    { role: 'tool', tool_call_id: 'c1', content: 'x' },
  ];
  const tools = [{ type: 'function', function: { name: 'f' } }];
  it.each<[string, object, AnthropicMessagesOptions, object, readonly string[]]>([
    [
      'an effort is a budget beside the usual ceiling',
      { reasoning_effort: 'low' },
      budget,
      { max_tokens: 6_144, thinking: { type: 'enabled', budget_tokens: 2_048 } },
      [],
    ],
    [
      'a ceiling leaves room for the answer',
      { reasoning_effort: 'high', max_tokens: 4_000 },
      budget,
      { max_tokens: 4_000, thinking: { type: 'enabled', budget_tokens: 3_000 } },
      [],
    ],
    [
      'no thinking under a low ceiling',
      { reasoning_effort: 'high', max_tokens: 500 },
      budget,
      { max_tokens: 500 },
      ['reasoning'],
    ],
    ['none', { reasoning_effort: 'none' }, budget, PLAIN, []],
    [
      'no sampling while the model thinks',
      { reasoning_effort: 'minimal', temperature: 0.3, top_p: 0.5 },
      budget,
      { max_tokens: 5_120, thinking: { type: 'enabled', budget_tokens: 1_024 } },
      ['topP', 'temperature'],
    ],
    [
      'not under a forced tool',
      { reasoning_effort: 'low', tools, tool_choice: 'required' },
      budget,
      PLAIN,
      ['reasoning'],
    ],
    [
      'no budget in a tool loop',
      { reasoning_effort: 'low', messages: looping, tools },
      budget,
      PLAIN,
      ['reasoning'],
    ],
    [
      'adaptive even there',
      { reasoning_effort: 'xhigh', messages: looping, tools },
      adaptive,
      { max_tokens: 36_864, thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
      [],
    ],
  ])('%s', (_name, fields, options, expected, dropped) => {
    const encoded = crossed(fields, options);
    const { max_tokens, thinking, output_config, temperature, top_p } = encoded.body;
    expect({ max_tokens, thinking, output_config, temperature, top_p }).toEqual(expected);
    expect(encoded.dropped).toEqual(dropped);
  });

  it.each<[string, 'budget' | 'adaptive']>([
    ['claude-3-7-sonnet-latest', 'budget'],
    ['claude-sonnet-4-20250514', 'budget'],
    ['claude-sonnet-4@20250514', 'budget'],
    ['claude-opus-4-1-20250805', 'budget'],
    ['claude-haiku-4-5-20251001', 'budget'],
    ['anthropic/claude-sonnet-4.5', 'budget'],
    ['claude-opus-4-5', 'budget'],
    ['claude-opus-4-6', 'adaptive'],
    ['claude-sonnet-4-6-20260217', 'adaptive'],
    ['claude-opus-4-8', 'adaptive'],
    ['claude-sonnet-5', 'adaptive'],
    ['some-other-model', 'budget'],
  ])('%s is asked by %s', (model, style) => {
    expect(thinkingStyleOf(model)).toBe(style);
  });
});

function text(value: string): object {
  return { type: 'text', text: value };
}
