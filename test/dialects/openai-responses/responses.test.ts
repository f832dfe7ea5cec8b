import { describe, expect, it } from 'vitest';
import { lossesOf } from '../../../src/core/answer-losses.ts';
import type { ChatResponse, StopReason } from '../../../src/core/chat.ts';
import { createDialects } from '../../../src/dialects/index.ts';
import { decodeUsage, encodeUsage } from '../../../src/dialects/openai-responses/usage.ts';
import { CONTEXT } from '../streams.ts';

const dialects = createDialects();
const dialect = dialects['openai-responses'];

const body = (output: object[], fields: object = {}): object => ({
  id: 'resp_1',
  object: 'response',
  model: 'gpt',
  status: 'completed',
  output,
  ...fields,
});
const message = (...content: object[]): object => ({ type: 'message', role: 'assistant', content });
const call = { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'f', arguments: '{"a":1}' };
const opaque = (kind: string) => ({
  type: 'opaque',
  dialect: 'openai-responses',
  kind,
  raw: expect.anything(),
});

describe('a response', () => {
  it.each<[string, object, unknown[], StopReason]>([
    ['nothing', body([]), [], 'stop'],
    ['text', body([message({ type: 'output_text', text: 'Hi' })]), [{ type: 'text', text: 'Hi' }], 'stop'],
    [
      'a refusal',
      body([message({ type: 'refusal', refusal: 'No' })]),
      [{ type: 'refusal', text: 'No' }],
      'refusal',
    ],
    [
      'reasoning and a call',
      body([
        { type: 'reasoning', summary: [] },
        { type: 'reasoning', summary: [{ text: 'a' }, { text: 'b' }], encrypted_content: 'x' },
        { type: 'reasoning', summary: [], encrypted_content: 'y' },
        call,
      ]),
      [
        { type: 'thinking', text: 'a\n\nb', signature: 'x' },
        { type: 'thinking', text: '', redacted: 'y' },
        { type: 'tool_call', id: 'c1', name: 'f', arguments: '{"a":1}' },
      ],
      'tool_calls',
    ],
    [
      'annotations and items of its own',
      body([
        { type: 'web_search_call', id: 'ws' },
        message({ type: 'output_text', text: 'Hi', annotations: [{ type: 'url_citation' }] }),
      ]),
      [opaque('web_search_call'), { type: 'text', text: 'Hi' }, opaque('annotations')],
      'stop',
    ],
    [
      'what fitted',
      body([], { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }),
      [],
      'length',
    ],
    [
      'what the filter let through',
      body([], { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }),
      [],
      'content_filter',
    ],
    [
      'what was said on the way',
      body([
        { ...message({ type: 'output_text', text: 'Hm.' }), phase: 'commentary' },
        { ...message({ type: 'output_text', text: 'Hi' }), phase: 'final_answer' },
      ]),
      [{ type: 'text', text: 'Hm.' }, opaque('phase'), { type: 'text', text: 'Hi' }],
      'stop',
    ],
    ['a promise', body([], { status: 'queued' }), [opaque('background')], 'pause'],
  ])('holds %s', (_name, wire, content, stopReason) => {
    const response = dialect.decodeResponse(wire);
    expect(response.content).toEqual(content);
    expect(response).toMatchObject({ id: 'resp_1', model: 'gpt', stopReason });
    expect(dialect.encodeResponse(response, CONTEXT)).toBe(wire);
  });

  it.each<[string, unknown, string]>([
    ['is text', 'oops', 'upstream_malformed'],
    ['has no output', { id: 'x' }, 'upstream_malformed'],
    ['has a broken item', body([{ type: 'function_call' }]), 'upstream_malformed'],
    ['has a broken message', body([{ type: 'message', content: 'Hi' }]), 'upstream_malformed'],
    ['is an error in disguise', { error: { code: 429, message: 'slow' } }, 'upstream_rate_limited'],
    [
      'failed',
      body([], { status: 'failed', error: { code: 'server_error', message: 'x' } }),
      'upstream_error',
    ],
    ['was cancelled', body([], { status: 'cancelled' }), 'upstream_error'],
  ])('is refused where it %s', (_name, wire, code) => {
    expect(() => dialect.decodeResponse(wire)).toThrow(expect.objectContaining({ code }));
  });
});

describe('an answer of another dialect', () => {
  const answer = (fields: Partial<ChatResponse>): ChatResponse => ({
    dialect: 'anthropic-messages',
    raw: {},
    id: 'msg_01',
    model: 'claude',
    content: [],
    stopReason: 'stop',
    ...fields,
  });

  it('is a whole response object', () => {
    const response = answer({
      content: [
        { type: 'thinking', text: 'hm', signature: 'sig' },
        { type: 'thinking', text: '', redacted: 'sig' },
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
        { type: 'tool_call', id: 't', name: 'f', arguments: '{}' },
        { type: 'opaque', dialect: 'anthropic-messages', kind: 'server_tool_use', raw: { sig: 1 } },
      ],
      stopReason: 'tool_calls',
      usage: {
        inputTokens: 3,
        outputTokens: 2,
        cachedInputTokens: 1,
        cacheWriteTokens: 0,
        reasoningTokens: 1,
      },
    });
    const encoded = dialect.encodeResponse(response, CONTEXT);
    const part = (text: string): object => ({ type: 'output_text', text, annotations: [], logprobs: [] });
    expect(encoded).toEqual({
      id: 'resp_router_01',
      object: 'response',
      created_at: CONTEXT.createdAt,
      status: 'completed',
      background: false,
      error: null,
      incomplete_details: null,
      instructions: null,
      max_output_tokens: null,
      max_tool_calls: null,
      metadata: {},
      model: 'claude',
      output: [
        { id: 'rs_router_01_0', type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
        {
          id: 'msg_router_01_1',
          type: 'message',
          status: 'completed',
          role: 'assistant',
          content: [part('a'), part('b')],
        },
        {
          id: 'fc_router_01_2',
          type: 'function_call',
          status: 'completed',
          arguments: '{}',
          call_id: 't',
          name: 'f',
        },
      ],
      parallel_tool_calls: true,
      previous_response_id: null,
      prompt_cache_key: null,
      reasoning: { effort: null, summary: null },
      safety_identifier: null,
      service_tier: 'default',
      store: false,
      temperature: null,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      tools: [],
      top_logprobs: 0,
      top_p: null,
      truncation: 'disabled',
      usage: {
        input_tokens: 3,
        input_tokens_details: { cached_tokens: 1 },
        output_tokens: 2,
        output_tokens_details: { reasoning_tokens: 1 },
        total_tokens: 5,
      },
      user: null,
    });
    expect(JSON.stringify(encoded)).not.toContain('sig');
    expect(lossesOf(response)).toEqual(['thinkingSignature', 'redactedThinking', 'server_tool_use']);
  });

  it.each<[StopReason, string, string | undefined]>([
    ['stop', 'completed', undefined],
    ['stop_sequence', 'completed', undefined],
    ['tool_calls', 'completed', undefined],
    ['pause', 'completed', undefined],
    ['length', 'incomplete', 'max_output_tokens'],
    ['content_filter', 'incomplete', 'content_filter'],
    ['refusal', 'incomplete', 'content_filter'],
  ])('that ended by %s is %s', (stopReason, status, reason) => {
    const encoded = dialect.encodeResponse(answer({ stopReason }), CONTEXT);
    expect(encoded.status).toBe(status);
    expect(encoded.incomplete_details).toEqual(reason === undefined ? null : { reason });
    expect(lossesOf(answer({ stopReason }))).toEqual(stopReason === 'pause' ? ['pause'] : []);
  });

  it('that refuses in words is complete', () => {
    const content = [{ type: 'refusal' as const, text: 'No' }];
    expect(dialect.encodeResponse(answer({ content, stopReason: 'refusal' }), CONTEXT)).toMatchObject({
      status: 'completed',
      output: [{ content: [{ type: 'refusal', refusal: 'No' }] }],
    });
  });

  it('has ids that the format allows, however long or strange its own', () => {
    const encoded = dialect.encodeResponse(
      answer({ id: `id/${'é'.repeat(99)}`, content: [{ type: 'text', text: 'a' }] }),
      CONTEXT,
    );
    const [item] = encoded.output as { id: string }[];
    for (const id of [encoded.id, item?.id]) expect(id).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });
});

it('usage survives to the last token', () => {
  const usage = {
    inputTokens: 130,
    outputTokens: 50,
    cachedInputTokens: 100,
    cacheWriteTokens: 20,
    reasoningTokens: 7,
  };
  expect(decodeUsage(encodeUsage(usage))).toEqual(usage);
  expect(decodeUsage(null)).toBeUndefined();
});
