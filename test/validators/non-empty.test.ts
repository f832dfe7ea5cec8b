import { describe, expect, it } from 'vitest';
import type { ChatResponse, Part } from '../../src/core/chat.ts';
import { createNonEmptyValidator } from '../../src/validators/non-empty.ts';
import { requestOf } from '../fakes/requests.ts';

const validator = createNonEmptyValidator('not_empty');
const context = { signal: new AbortController().signal };

function beginning(...content: Part[]): ChatResponse {
  return { dialect: 'openai-chat', raw: {}, id: 'r', model: 'm', content, stopReason: 'stop' };
}
const text = (words: string): Part => ({ type: 'text', text: words });

it.each<[string, Part, boolean]>([
  ['a search', { type: 'opaque', dialect: 'openai-chat', kind: 'images', raw: {} }, true],
  ['sources alone', { type: 'opaque', dialect: 'openai-chat', kind: 'citations', raw: {} }, false],
  ['why it stopped', { type: 'opaque', dialect: 'anthropic-messages', kind: 'stop_details', raw: {} }, false],
])('an answer that holds %s and no text', async (_name, part, ok) => {
  expect((await validator.check(beginning(part), requestOf('hi'), context)).ok).toBe(ok);
});

describe('the beginning of an answer', () => {
  it.each([
    { name: 'blanks only', content: [text(' \n\n\t ')], ok: false },
    { name: 'a word', content: [text('\n Yes')], ok: true },
    { name: 'thinking, and nothing said yet', content: [{ type: 'thinking', text: 'well' }], ok: true },
    { name: 'blanks after thinking', content: [{ type: 'thinking', text: 'well' }, text('\n')], ok: true },
    {
      name: 'a tool call after blanks',
      content: [text('\n'), { type: 'tool_call', id: '1', name: 'f', arguments: '' }],
      ok: true,
    },
  ] as const)('of $name may go on: $ok', async ({ content, ok }) => {
    const verdict = await validator.prefix?.(beginning(...content), requestOf('hi'), context);
    expect(verdict?.ok).toBe(ok);
  });
});
