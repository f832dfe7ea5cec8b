/** What the many servers of this format do otherwise than the first of them. */
import { describe, expect, it } from 'vitest';
import { lossesOf, lossOf } from '../../../src/core/answer-losses.ts';
import type { ChatEvent, Part, StopReason } from '../../../src/core/chat.ts';
import { createDialects } from '../../../src/dialects/index.ts';
import { readStreamAs } from '../clients.ts';
import { decodeAll, encodeAll } from '../streams.ts';

const { 'openai-chat': dialect, ...others } = createDialects();

const chunk = (delta: object, finish: string | null = null, fields: object = {}): object => ({
  id: 'gen-1',
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...fields,
});
const fn = (name: string | undefined, json: string, fields: object = {}): object => ({
  type: 'function',
  function: { ...(name === undefined ? {} : { name }), arguments: json },
  ...fields,
});
const ends = (reason: string): object => chunk({}, reason);

type Calls = { readonly name: string; readonly input: unknown }[];

describe('tool calls in a stream', () => {
  const two: Calls = [
    { name: 'f', input: { a: 1 } },
    { name: 'g', input: { b: 2 } },
  ];
  const one: Calls = [{ name: 'f', input: { a: 1 } }];
  it.each<[string, object[], Calls]>([
    [
      'two in one chunk with one index and empty ids',
      [
        chunk({
          tool_calls: [fn('f', '{"a":1}', { index: 0, id: '' }), fn('g', '{"b":2}', { index: 0, id: '' })],
        }),
      ],
      two,
    ],
    [
      'two in one chunk without index and id',
      [chunk({ tool_calls: [fn('f', '{"a":1}'), fn('g', '{"b":2}')] })],
      two,
    ],
    [
      'two chunks with one index and empty ids',
      [
        chunk({ tool_calls: [fn('f', '{"a":1}', { index: 0, id: '' })] }),
        chunk({ tool_calls: [fn('g', '{"b":2}', { index: 0, id: '' })] }),
      ],
      two,
    ],
    [
      'a new id in every delta',
      [
        chunk({ tool_calls: [{ index: 0, id: 'c1', function: { name: 'f' } }] }),
        chunk({ tool_calls: [fn(undefined, '{"a":', { index: 0, id: 'c2' })] }),
        chunk({ tool_calls: [fn(undefined, '1}', { index: 0, id: 'c3' })] }),
      ],
      one,
    ],
    [
      'the name in every delta',
      [
        chunk({ tool_calls: [fn('f', '', { index: 0, id: 'c1' })] }),
        chunk({ tool_calls: [fn('f', '{"a":', { index: 0, id: 'c1' })] }),
        chunk({ tool_calls: [fn('f', '1}', { index: 0 })] }),
        chunk({ tool_calls: [fn('f', '', { index: 0 })] }),
      ],
      one,
    ],
    [
      'no arguments at all',
      [chunk({ tool_calls: [fn('f', '', { index: 0, id: 'c1' })] })],
      [{ name: 'f', input: {} }],
    ],
  ])('%s', async (_name, data, expected) => {
    const events = decodeAll(dialect, [...data, ends('tool_calls'), '[DONE]']);
    for (const target of Object.values(others)) {
      const seen = await readStreamAs(target.id, encodeAll(target, events));
      expect(seen.calls).toEqual(expected);
    }
  });

  it('have ids of their own in every answer where the server gives none', () => {
    const idIn = (answerId: string): unknown => {
      const data = { ...chunk({ tool_calls: [fn('f', '{}')] }), id: answerId };
      return decodeAll(dialect, [data, ends('stop'), '[DONE]']).find(({ type }) => type === 'tool_call');
    };
    expect(idIn('chatcmpl-a/1')).toMatchObject({ id: 'call_a_1_0' });
    expect(idIn('chatcmpl-b')).toMatchObject({ id: 'call_b_0' });
    expect(idIn('')).toMatchObject({ id: 'call_0' });
  });
});

const signedCall = fn('f', '{}', {
  index: 0,
  id: 'c1',
  extra_content: { google: { thought_signature: 'gs' } },
});

describe('signed reasoning', () => {
  it.each<[string, object, ChatEvent[], Part[], string]>([
    [
      'text with its signature',
      { reasoning: 'hm', reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 's' }] },
      [
        { type: 'thinking', text: 'hm' },
        { type: 'thinking_signature', signature: 's' },
      ],
      [{ type: 'thinking', text: 'hm', signature: 's' }],
      'thinkingSignature',
    ],
    [
      'a summary and what is encrypted',
      {
        reasoning_details: [
          { type: 'reasoning.summary', summary: 'hm' },
          { type: 'reasoning.encrypted', data: 'e' },
        ],
      },
      [
        { type: 'thinking', text: 'hm' },
        { type: 'redacted_thinking', data: 'e' },
      ],
      [
        { type: 'thinking', text: 'hm' },
        { type: 'thinking', text: '', redacted: 'e' },
      ],
      'redactedThinking',
    ],
    [
      'a signed tool call',
      { tool_calls: [signedCall] },
      [{ type: 'redacted_thinking', data: 'gs' }],
      [{ type: 'thinking', text: '', redacted: 'gs' }],
      'redactedThinking',
    ],
    [
      'a signed text',
      { content: 'Hi', extra_content: { google: { thought_signature: 'gs' } } },
      [{ type: 'redacted_thinking', data: 'gs' }],
      [{ type: 'thinking', text: '', redacted: 'gs' }],
      'redactedThinking',
    ],
  ])('%s is read, and listed where it does not cross', (_name, message, events, parts, loss) => {
    const thinks = (event: ChatEvent): boolean => event.type.includes('thinking');
    const decoded = decodeAll(dialect, [chunk(message), ends('stop'), '[DONE]']);
    expect(decoded.filter(thinks)).toEqual(events);
    expect(decoded.map(lossOf)).toContain(loss);
    const response = dialect.decodeResponse({ choices: [{ message, finish_reason: 'stop' }] });
    expect(response.content.filter(({ type }) => type === 'thinking')).toEqual(parts);
    expect(lossesOf(response)).toContain(loss);
  });
});

it('lists the sources that stand beside the answer', () => {
  const beside = { citations: ['https://x.test'], search_results: [{ title: 't' }] };
  const said = chunk({ content: 'Hi' }, null, beside);
  const decoded = decodeAll(dialect, [said, said, ends('stop'), '[DONE]']);
  const losses = decoded.map(lossOf).filter((loss) => loss !== undefined);
  expect(losses).toEqual(['citations', 'search_results']);
  const message = { content: 'Hi' };
  const response = dialect.decodeResponse({ choices: [{ message, finish_reason: 'stop' }], ...beside });
  expect(lossesOf(response)).toEqual(['citations', 'search_results']);
});

it.each<[string, StopReason]>([
  ['STOP', 'stop'],
  ['eos', 'stop'],
  ['', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop_sequence'],
  ['MAX_TOKENS', 'length'],
  ['model_length', 'length'],
  ['tool_use', 'tool_calls'],
  ['content_filter: RECITATION', 'content_filter'],
  ['SAFETY', 'content_filter'],
  ['refusal', 'refusal'],
])('reads the finish reason %j', (reason, expected) => {
  const message = { content: 'Hi' };
  expect(dialect.decodeResponse({ choices: [{ message, finish_reason: reason }] }).stopReason).toBe(expected);
  const last = decodeAll(dialect, [chunk(message), ends(reason), '[DONE]']).at(-1);
  expect(last).toMatchObject({ type: 'finish', stopReason: expected });
});

it.each([
  ['prompt_tokens_details', { prompt_tokens_details: { cached_tokens: 7 } }],
  ['prompt_cache_hit_tokens', { prompt_cache_hit_tokens: 7, prompt_cache_miss_tokens: 2 }],
  ['cached_tokens', { cached_tokens: 7, prompt_tokens_details: null }],
])('counts the cached input under %s', (_name, fields) => {
  const usage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10, ...fields };
  const body = { choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }], usage };
  expect(dialect.decodeResponse(body).usage).toMatchObject({ inputTokens: 9, cachedInputTokens: 7 });
});

it('takes an answer that a filter held back, message and all, as filtered', () => {
  for (const rest of [{}, { message: null }]) {
    const choices = [{ index: 0, finish_reason: 'content_filter: PROHIBITED_CONTENT', ...rest }];
    expect(dialect.decodeResponse({ choices })).toMatchObject({ content: [], stopReason: 'content_filter' });
  }
  expect(() => dialect.decodeResponse({ choices: [{ finish_reason: 'stop' }] })).toThrow('choices[0]');
});

it('reads the first choice wherever it stands, and answers whose id is no text', () => {
  const choice = (index: number, content: string): object => ({
    index,
    message: { content },
    finish_reason: 'stop',
  });
  const response = dialect.decodeResponse({ id: 5, choices: [choice(1, 'B'), choice(0, 'A')] });
  expect(response).toMatchObject({ id: '', content: [{ text: 'A' }] });
});
