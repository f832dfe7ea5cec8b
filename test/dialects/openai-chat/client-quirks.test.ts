/** Bodies that clients of the many chat servers send and that must go on working. */
import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { createDialects } from '../../../src/dialects/index.ts';

const { 'openai-chat': chat, 'anthropic-messages': anthropic } = createDialects();

const call = (id: string, name: string, args: JsonObject | string): JsonObject => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});
const said = { role: 'user', content: 'a' };

function crossed(fields: JsonObject): JsonObject {
  const request = chat.decodeRequest({ model: 'auto', messages: [said], ...fields });
  const { model: _, ...own } = chat.encodeRequest(request, 'up').body;
  expect(own).toEqual({ messages: [said], ...fields });
  return anthropic.encodeRequest(request, 'claude').body;
}

it('calls and results without ids keep together, in order', () => {
  const messages: JsonObject[] = [
    said,
    { role: 'assistant', content: null, tool_calls: [call('', 'f', '{}'), call('', 'g', '{}')] },
    { role: 'tool', tool_call_id: '', content: 'one' },
    { role: 'tool', tool_call_id: '', content: 'two' },
  ];
  const [, calls, results] = crossed({ messages }).messages as { content: JsonObject[] }[];
  expect(calls?.content.map(({ name }) => name)).toEqual(['f', 'g']);
  expect(results?.content.map(({ tool_use_id }) => tool_use_id)).toEqual(calls?.content.map(({ id }) => id));
  expect(new Set(calls?.content.map(({ id }) => id)).size).toBe(2);
});

it('arguments may be an object', () => {
  const messages: JsonObject[] = [
    said,
    { role: 'assistant', tool_calls: [call('c', 'f', { x: 1 })] },
    { role: 'tool', tool_call_id: 'c', content: 'one' },
  ];
  expect(crossed({ messages }).messages).toMatchObject([{}, { content: [{ input: { x: 1 } }] }, {}]);
});

it('the tool choice `any` is `required`', () => {
  const tools = [{ type: 'function', function: { name: 'f' } }];
  expect(crossed({ tools, tool_choice: 'any' }).tool_choice).toEqual({ type: 'any' });
});

it('an output limit of -1 is none', () => {
  expect(crossed({ max_tokens: -1 }).max_tokens).toBeGreaterThan(0);
});
