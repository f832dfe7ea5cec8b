import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import { createAnthropicMessagesDialect } from '../../../src/dialects/index.ts';

const dialect = createAnthropicMessagesDialect();

const unsigned = { type: 'thinking', thinking: 'hm', signature: '' };
const signed = { type: 'thinking', thinking: 'well', signature: 's' };
const call = { type: 'tool_use', id: 't', name: 'f', input: {} };
const text = { type: 'text', text: 'Hi' };
const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't' }] };
const asked = { role: 'user', content: 'a' };
const said = (...content: JsonObject[]): JsonObject => ({ role: 'assistant', content });

const enabled = { type: 'enabled', budget_tokens: 1_024 };
const adaptive = { type: 'adaptive' };
const clearing = { edits: [{ type: 'clear_thinking_20251015' }] };

function sent(fields: JsonObject) {
  const request = dialect.decodeRequest({ model: 'auto', max_tokens: 4_000, ...fields });
  const { body, dropped } = dialect.encodeRequest(request, 'claude-sonnet-4-5');
  const { model: _, max_tokens: __, ...rest } = body;
  return { rest, dropped };
}

describe('thinking that another dialect left unsigned', () => {
  it.each<[string, JsonObject, JsonObject, string[]]>([
    [
      'goes',
      { messages: [asked, said(unsigned, text), asked], thinking: enabled },
      { messages: [asked, said(text), asked], thinking: enabled },
      ['thinking'],
    ],
    [
      'goes with all thinking before the results of a call, where the budget would want it',
      { messages: [asked, said(signed, text), asked, said(unsigned, call), result], thinking: enabled },
      { messages: [asked, said(text), asked, said(call), result] },
      ['thinking', 'reasoning'],
    ],
    [
      'takes along the edit that clears thinking',
      { messages: [asked, said(unsigned, call), result], thinking: enabled, context_management: clearing },
      { messages: [asked, said(call), result] },
      ['thinking', 'reasoning'],
    ],
    [
      'goes alone where the call has thinking of its own',
      { messages: [asked, said(unsigned, signed, call), result], thinking: enabled },
      { messages: [asked, said(signed, call), result], thinking: enabled },
      ['thinking'],
    ],
    [
      'goes alone under adaptive thinking',
      { messages: [asked, said(unsigned, call), result], thinking: adaptive },
      { messages: [asked, said(call), result], thinking: adaptive },
      ['thinking'],
    ],
    [
      'leaves a body without any as it is',
      { messages: [asked, said(call), result], thinking: enabled },
      { messages: [asked, said(call), result], thinking: enabled },
      [],
    ],
  ])('%s', (_name, fields, rest, dropped) => {
    expect(sent(fields)).toEqual({ rest, dropped });
  });
});
