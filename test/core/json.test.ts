import { describe, expect, it } from 'vitest';
import { fieldPath, ownValue } from '../../src/core/json.ts';
import { createDialects } from '../../src/dialects/index.ts';

describe('fieldPath', () => {
  it.each([
    [['messages', 2, 'content'], '', 'messages[2].content'],
    [[0, 'a'], 'tools', 'tools[0].a'],
    [['b'], 'a', 'a.b'],
    [[], '', ''],
  ])('writes %j below "%s" as %s', (path, base, written) => {
    expect(fieldPath(path, base)).toBe(written);
  });
});

describe('names that every object inherits', () => {
  it('are absent unless the record has them itself', () => {
    expect(ownValue<number>({ a: 1 }, 'constructor')).toBeUndefined();
    expect(ownValue(JSON.parse('{"__proto__": 1}') as Record<string, number>, '__proto__')).toBe(1);
  });

  it.each(['constructor', 'toString', '__proto__'])('are no effort and no stop reason: %s', (name) => {
    const { 'openai-chat': openai, 'anthropic-messages': anthropic } = createDialects();
    const messages = [{ role: 'user', content: 'hi' }];
    const request = openai.decodeRequest({ model: 'auto', messages, reasoning_effort: name });
    const { body } = anthropic.encodeRequest(request, 'claude-haiku-4-5');
    expect(body.thinking).toMatchObject({ budget_tokens: 8_192 });
    const chat = { choices: [{ message: { role: 'assistant', content: 'x' }, finish_reason: name }] };
    expect(openai.decodeResponse(chat).stopReason).toBe('stop');
    const answer = { content: [{ type: 'text', text: 'x' }], stop_reason: name };
    expect(anthropic.decodeResponse(answer).stopReason).toBe('stop');
  });
});
