import { describe, expect, it } from 'vitest';
import type { ChatResponse, StopReason } from '../../src/core/chat.ts';
import { RouterError } from '../../src/core/errors.ts';
import type { Dialect } from '../../src/core/ports.ts';
import * as anthropicStop from '../../src/dialects/anthropic-messages/stop-reason.ts';
import * as anthropicUsage from '../../src/dialects/anthropic-messages/usage.ts';
import { createDialects } from '../../src/dialects/index.ts';
import * as openAiStop from '../../src/dialects/openai-chat/stop-reason.ts';
import * as openAiUsage from '../../src/dialects/openai-chat/usage.ts';
import { CONTEXT } from './streams.ts';

const { 'openai-chat': openai, 'anthropic-messages': anthropic } = createDialects();

const completion = (message: object, finish: string | null = 'stop', fields: object = {}): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
  ...fields,
});
const message = (content: object[], stop: string | null = 'end_turn', fields: object = {}): object => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude',
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 2 },
  ...fields,
});

function errorOf(dialect: Dialect, body: unknown): RouterError {
  try {
    dialect.decodeResponse(body);
  } catch (error) {
    if (error instanceof RouterError) return error;
    throw error;
  }
  throw new Error('the body was accepted');
}

describe('a chat completion', () => {
  it.each<[string, object, ChatResponse['content'], StopReason]>([
    ['text', completion({ content: 'Hi' }), [{ type: 'text', text: 'Hi' }], 'stop'],
    ['nothing', completion({ content: null }, 'length'), [], 'length'],
    [
      'reasoning_content',
      completion({ reasoning_content: 'hm', content: 'Hi' }),
      [
        { type: 'thinking', text: 'hm' },
        { type: 'text', text: 'Hi' },
      ],
      'stop',
    ],
    [
      'what only this format has',
      completion(
        {
          content: 'Hi',
          annotations: [{ type: 'url_citation' }],
          audio: null,
          tool_calls: [
            { id: 'a', type: 'custom', custom: { name: 'sql', input: 'SELECT 1' } },
            { id: 'b', type: 'function', function: { name: 'f', arguments: '{}' } },
          ],
        },
        'tool_calls',
      ),
      [
        { type: 'text', text: 'Hi' },
        { type: 'tool_call', id: 'b', name: 'f', arguments: '{}' },
        {
          type: 'opaque',
          dialect: 'openai-chat',
          kind: 'annotations',
          raw: { annotations: [{ type: 'url_citation' }] },
        },
        {
          type: 'opaque',
          dialect: 'openai-chat',
          kind: 'custom_tool_call',
          raw: { id: 'a', type: 'custom', custom: { name: 'sql', input: 'SELECT 1' } },
        },
      ],
      'tool_calls',
    ],
    ['reasoning', completion({ reasoning: 'hm', content: '' }), [{ type: 'thinking', text: 'hm' }], 'stop'],
    [
      'a list of chunks',
      completion({
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'Hi' },
          { type: 'reference' },
        ],
      }),
      [
        { type: 'thinking', text: 'hm' },
        { type: 'text', text: 'Hi' },
        { type: 'opaque', dialect: 'openai-chat', kind: 'reference', raw: { type: 'reference' } },
      ],
      'stop',
    ],
    [
      'a refusal',
      completion({ content: null, refusal: 'No.' }),
      [{ type: 'refusal', text: 'No.' }],
      'refusal',
    ],
    [
      'calls, under a plain stop and without ids',
      completion({
        tool_calls: [{ function: { name: 'f', arguments: '{' } }, { id: 'b', function: { name: 'g' } }],
      }),
      [
        { type: 'tool_call', id: 'call_1_0', name: 'f', arguments: '{' },
        { type: 'tool_call', id: 'b', name: 'g', arguments: '{}' },
      ],
      'tool_calls',
    ],
    [
      'a legacy call',
      completion({ function_call: { name: 'f', arguments: '{}' } }, 'function_call'),
      [{ type: 'tool_call', id: 'call_1_0', name: 'f', arguments: '{}' }],
      'tool_calls',
    ],
  ])('holds %s', (_name, body, content, stopReason) => {
    const response = openai.decodeResponse(body);
    expect(response.content).toEqual(content);
    expect(response.stopReason).toBe(stopReason);
    expect(openai.encodeResponse(response, CONTEXT)).toBe(body);
  });

  it('without usage has none', () => {
    expect(openai.decodeResponse(completion({ content: 'Hi' }))).not.toHaveProperty('usage');
  });

  it.each<[string, unknown, string]>([
    ['is text', 'oops', 'upstream_malformed'],
    ['has no choices', { id: 'x' }, 'upstream_malformed'],
    ['has empty choices', { choices: [] }, 'upstream_malformed'],
    ['has no message', { choices: [{}] }, 'upstream_malformed'],
    ['has broken calls', completion({ tool_calls: [{ id: 'a' }] }), 'upstream_malformed'],
    ['is an error in disguise', { error: { code: 429, message: 'slow' } }, 'upstream_rate_limited'],
    ['was interrupted', completion({ content: 'H' }, 'error'), 'upstream_error'],
  ])('is refused where it %s', (_name, body, code) => {
    expect(errorOf(openai, body).code).toBe(code);
  });

  it('reaches an Anthropic client', () => {
    const body = completion(
      {
        content: 'Hi',
        reasoning_content: 'hm',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }],
      },
      'tool_calls',
      {
        usage: {
          prompt_tokens: 10,
          completion_tokens: 5,
          prompt_tokens_details: { cached_tokens: 4 },
          completion_tokens_details: { reasoning_tokens: 2 },
        },
      },
    );
    expect(anthropic.encodeResponse(openai.decodeResponse(body), CONTEXT)).toEqual({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'gpt',
      content: [
        { type: 'thinking', thinking: 'hm', signature: '' },
        { type: 'text', text: 'Hi' },
        { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      usage: {
        input_tokens: 6,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 4,
        output_tokens: 5,
        output_tokens_details: { thinking_tokens: 2 },
      },
    });
  });
});

describe('an Anthropic message', () => {
  it('holds blocks of every kind, and passes its own dialect as it came', () => {
    const search = { type: 'server_tool_use', id: 's', name: 'web_search', input: {} };
    const body = message(
      [
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'text', text: 'Hi', citations: [{ type: 'web_search_result_location' }] },
        search,
        { type: 'tool_use', id: 't', name: 'f', input: { x: 1 } },
      ],
      'stop_sequence',
      { stop_sequence: 'END' },
    );
    const response = anthropic.decodeResponse(body);
    expect(response.content).toEqual([
      { type: 'thinking', text: 'hm', signature: 'sig' },
      { type: 'text', text: 'Hi' },
      {
        type: 'opaque',
        dialect: 'anthropic-messages',
        kind: 'citations',
        raw: { citations: [{ type: 'web_search_result_location' }] },
      },
      { type: 'opaque', dialect: 'anthropic-messages', kind: 'server_tool_use', raw: search },
      { type: 'tool_call', id: 't', name: 'f', arguments: '{"x":1}' },
    ]);
    expect(response).toMatchObject({
      id: 'msg_1',
      model: 'claude',
      stopReason: 'stop_sequence',
      stopSequence: 'END',
    });
    expect(anthropic.encodeResponse(response, CONTEXT)).toBe(body);
  });

  it.each<[string, unknown, string]>([
    ['has no content', { id: 'x' }, 'upstream_malformed'],
    ['has a broken block', message([{ type: 'text' }]), 'upstream_malformed'],
    ['has a nameless block', message([{}]), 'upstream_malformed'],
    [
      'is an error',
      { type: 'error', error: { type: 'overloaded_error', message: 'busy' } },
      'upstream_error',
    ],
  ])('is refused where it %s', (_name, body, code) => {
    expect(errorOf(anthropic, body).code).toBe(code);
  });

  it('reaches a chat completions client', () => {
    const body = message(
      [
        { type: 'thinking', thinking: 'hm', signature: 'sig' },
        { type: 'text', text: 'Hi ' },
        { type: 'text', text: 'there' },
        { type: 'tool_use', id: 't', name: 'f', input: {} },
      ],
      'tool_use',
    );
    expect(openai.encodeResponse(anthropic.decodeResponse(body), CONTEXT)).toEqual({
      id: 'chatcmpl-msg_1',
      object: 'chat.completion',
      created: CONTEXT.createdAt,
      model: 'claude',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'Hi there',
            refusal: null,
            reasoning_content: 'hm',
            tool_calls: [{ id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }],
          },
          logprobs: null,
          finish_reason: 'tool_calls',
        },
      ],
      usage: {
        prompt_tokens: 3,
        completion_tokens: 2,
        total_tokens: 5,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    });
  });
});

describe('stop reasons', () => {
  const plain = { hasToolCalls: false, hasRefusal: false };
  it.each<[string | null, StopReason]>([
    ['stop', 'stop'],
    ['length', 'length'],
    ['model_length', 'length'],
    ['tool_calls', 'tool_calls'],
    ['function_call', 'tool_calls'],
    ['content_filter', 'content_filter'],
    ['whatever', 'stop'],
    [null, 'stop'],
  ])('of chat completions: %s is %s', (wire, canonical) => {
    expect(openAiStop.decodeStopReason(wire, plain)).toBe(canonical);
  });

  it.each<[string | null, StopReason]>([
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['stop_sequence', 'stop_sequence'],
    ['tool_use', 'tool_calls'],
    ['pause_turn', 'pause'],
    ['refusal', 'refusal'],
    ['whatever', 'stop'],
    [null, 'stop'],
  ])('of Anthropic: %s is %s', (wire, canonical) => {
    expect(anthropicStop.decodeStopReason(wire)).toBe(canonical);
  });

  it.each<[StopReason, string, string]>([
    ['stop', 'stop', 'end_turn'],
    ['length', 'length', 'max_tokens'],
    ['tool_calls', 'tool_calls', 'tool_use'],
    ['stop_sequence', 'stop', 'stop_sequence'],
    ['content_filter', 'content_filter', 'refusal'],
    ['refusal', 'content_filter', 'refusal'],
    ['pause', 'stop', 'pause_turn'],
  ])('%s is told as %s and %s', (canonical, openAiWire, anthropicWire) => {
    expect(openAiStop.encodeStopReason(canonical, false)).toBe(openAiWire);
    expect(anthropicStop.encodeStopReason(canonical)).toBe(anthropicWire);
  });
});

describe('usage', () => {
  const counts = (input: number, output: number, cached = 0, written = 0, reasoning = 0): object => ({
    inputTokens: input,
    outputTokens: output,
    cachedInputTokens: cached,
    cacheWriteTokens: written,
    reasoningTokens: reasoning,
  });

  it.each<[object, object]>([
    [{ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }, counts(10, 5)],
    [{ prompt_tokens: 10, completion_tokens: 5 }, counts(10, 5)],
    [
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 3 },
      },
      counts(10, 5, 4, 0, 3),
    ],
    [{ prompt_tokens: 10, completion_tokens: 5, prompt_cache_hit_tokens: 6 }, counts(10, 5, 6)],
    [{ prompt_tokens: 10, completion_tokens: 5, total_tokens: 35 }, counts(10, 25, 0, 0, 20)],
    [
      { prompt_tokens: null, completion_tokens: 'x', total_tokens: -3, prompt_tokens_details: null },
      counts(0, 0),
    ],
  ])('of chat completions: %j', (wire, canonical) => {
    expect(openAiUsage.decodeUsage({ ...wire })).toEqual(canonical);
  });

  it.each<[object, object]>([
    [{ input_tokens: 10, output_tokens: 5 }, counts(10, 5)],
    [
      { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 20 },
      counts(130, 5, 100, 20),
    ],
    [
      {
        input_tokens: 1,
        output_tokens: 5,
        cache_read_input_tokens: null,
        output_tokens_details: { thinking_tokens: 4 },
      },
      counts(1, 5, 0, 0, 4),
    ],
  ])('of Anthropic: %j', (wire, canonical) => {
    expect(anthropicUsage.decodeUsage({ ...wire })).toEqual(canonical);
  });

  it('survives both formats to the last token', () => {
    const usage = {
      inputTokens: 130,
      outputTokens: 50,
      cachedInputTokens: 100,
      cacheWriteTokens: 20,
      reasoningTokens: 7,
    };
    expect(openAiUsage.decodeUsage(openAiUsage.encodeUsage(usage))).toEqual(usage);
    expect(anthropicUsage.decodeUsage(anthropicUsage.encodeUsage(usage))).toEqual(usage);
  });

  it('that is unknown is absent, and zero only on the Anthropic wire', () => {
    expect(openAiUsage.decodeUsage(undefined)).toBeUndefined();
    expect(anthropicUsage.encodeUsage(undefined)).toMatchObject({ input_tokens: 0, output_tokens: 0 });
  });
});
