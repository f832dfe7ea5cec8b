import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { createDialects } from '../../../src/dialects/index.ts';

const { 'openai-chat': chat, 'anthropic-messages': anthropic } = createDialects();

const call = (fields: JsonObject = {}): JsonObject => ({
  id: 'c1',
  type: 'function',
  function: { name: 'f', arguments: '{}' },
  ...fields,
});
const history = (...tool_calls: JsonObject[]): JsonObject[] => [
  { role: 'user', content: 'a' },
  { role: 'assistant', content: null, tool_calls },
  { role: 'tool', tool_call_id: 'c1', content: 'done' },
];
const signed = (signature: string): JsonObject => ({
  extra_content: { google: { thought_signature: signature } },
});
const PLACEHOLDER = signed('skip_thought_signature_validator');

function callsSent(messages: JsonObject[], model: string): unknown {
  const { body } = chat.encodeRequest(chat.decodeRequest({ model: 'auto', messages }), model);
  return (body.messages as JsonObject[])[1]?.tool_calls;
}

it.each<[string, string, JsonObject[], JsonObject[]]>([
  ['unsigned ones get a placeholder', 'gemini-3-pro-preview', [call(), call()], [call(PLACEHOLDER), call()]],
  ['with a prefix too', 'google/gemini-3.1-flash', [call()], [call(PLACEHOLDER)]],
  ['signed ones stay', 'gemini-3-pro', [call(signed('s')), call()], [call(signed('s')), call()]],
  ['earlier models get none', 'gemini-2.5-pro', [call()], [call()]],
  ['nor do other models', 'gpt-5', [call()], [call()]],
])('calls in the history of a model that wants them signed: %s', (_name, model, calls, expected) => {
  expect(callsSent(history(...calls), model)).toEqual(expected);
});

it('reaches calls of another format', () => {
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'f', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'done' }] },
  ];
  const request = anthropic.decodeRequest({ model: 'auto', max_tokens: 9, messages });
  const { body } = chat.encodeRequest(request, 'gemini-3-pro');
  expect((body.messages as JsonObject[])[1]?.tool_calls).toEqual([call(PLACEHOLDER)]);
});

it('leaves alone what a gateway signs in its own way', () => {
  const [asked, called, result] = history(call());
  const details = [{ type: 'reasoning.encrypted', data: 'e' }];
  const messages = [asked, { ...called, reasoning_details: details }, result] as JsonObject[];
  expect(callsSent(messages, 'google/gemini-3-pro')).toEqual([call()]);
});
