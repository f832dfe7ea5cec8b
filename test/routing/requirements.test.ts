import { describe, expect, it } from 'vitest';
import type { ChatRequest, Part, Tool } from '../../src/core/chat.ts';
import { estimateTokens, inputTokensOf, requirementsOf } from '../../src/routing/requirements.ts';
import { requestOf } from '../fakes/requests.ts';

const TOOL: Tool = { type: 'function', name: 'f', parameters: { type: 'object' } };
const IMAGE = { type: 'image', url: 'https://example.com/a.png' } as const;

describe('estimateTokens', () => {
  it.each([
    ['', 0],
    ['four', 1],
    ['fives', 2],
    ['日本語', 3],
    ['ab日本', 3],
  ])('of %j is %d', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens);
  });
});

describe('inputTokensOf', () => {
  const cases: readonly [string, Part, number][] = [
    ['an image', IMAGE, 1_004],
    ['a tool call', { type: 'tool_call', id: 'x', name: 'find', arguments: '{"a":1}x' }, 7],
    [
      'a tool result',
      { type: 'tool_result', callId: 'x', content: [{ type: 'text', text: 'four' }, IMAGE] },
      1_005,
    ],
    ['thinking', { type: 'thinking', text: 'four' }, 5],
    ['an opaque part', { type: 'opaque', dialect: 'openai-chat', kind: 'k', raw: { a: 1 } }, 6],
  ];
  it.each(cases)('counts %s', (_, part, tokens) => {
    expect(inputTokensOf(requestOf('', { messages: [{ role: 'user', content: [part] }] }))).toBe(tokens);
  });

  it('counts the definitions of tools', () => {
    const bare = inputTokensOf(requestOf('hi'));
    expect(inputTokensOf(requestOf('hi', { tools: [TOOL] }))).toBeGreaterThan(bare + 10);
  });
});

describe('requirementsOf', () => {
  const inResult: Part = { type: 'tool_result', callId: 'x', content: [IMAGE] };
  const cases: readonly [string, Partial<ChatRequest>, object][] = [
    ['nothing', {}, { tools: false, vision: false, json: false, streaming: false }],
    ['tools', { tools: [TOOL] }, { tools: true }],
    ['an image', { messages: [{ role: 'user', content: [IMAGE] }] }, { vision: true }],
    ['an image in a tool result', { messages: [{ role: 'tool', content: [inResult] }] }, { vision: true }],
    ['JSON', { responseFormat: { type: 'json_object' } }, { json: true }],
    ['plain text', { responseFormat: { type: 'text' } }, { json: false }],
    ['a stream', { stream: true }, { streaming: true }],
    ['its own ceiling', { maxOutputTokens: 9 }, { maxOutputTokens: 9 }],
  ];
  it.each(cases)('sees %s', (_, request, needs) => {
    expect(requirementsOf(requestOf('hi', request))).toMatchObject(needs);
  });

  it('takes the ceiling of the route only where the caller gives none', () => {
    expect(requirementsOf(requestOf('hi'), 5).maxOutputTokens).toBe(5);
    expect(requirementsOf(requestOf('hi', { maxOutputTokens: 9 }), 5).maxOutputTokens).toBe(9);
    expect(requirementsOf(requestOf('hi')).maxOutputTokens).toBeUndefined();
  });
});
