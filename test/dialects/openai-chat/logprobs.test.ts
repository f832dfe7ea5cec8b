import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import { createAnthropicMessagesDialect, createOpenAiChatDialect } from '../../../src/dialects/index.ts';

const dialect = createOpenAiChatDialect();
const BODY = { model: 'auto', messages: [{ role: 'user', content: 'hi' }] };
const token = (logprob: JsonValue): JsonObject => ({ token: 'x', logprob, bytes: null, top_logprobs: [] });
const answer = (logprobs: JsonValue): JsonObject => ({
  id: 'c1',
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, logprobs, finish_reason: 'stop' }],
});
const asked = (over: JsonObject = {}) => ({
  ...dialect.decodeRequest({ ...BODY, ...over }),
  readLogprobs: true,
});

describe('token log-probabilities of chat completions', () => {
  it.each([
    ['two tokens', { content: [token(-1), token(-0.5)] }, { mean: -0.75, tokens: 2 }],
    ['one outside of the list', { content: [token(-9999), token(0)] }, { mean: -10, tokens: 2 }],
    ['what is no number', { content: [token('a'), token(-0.5), 3] }, { mean: -0.5, tokens: 1 }],
    ['no tokens', { content: [] }, undefined],
    ['null', null, undefined],
    ['null within', { content: null }, undefined],
  ])('are read: %s', (_, logprobs, expected) => {
    expect(dialect.decodeResponse(answer(logprobs)).logprobs).toEqual(expected);
  });

  it('are summed over a stream', () => {
    const chunk = (logprobs: JsonValue, finish: string | null): string =>
      JSON.stringify({
        id: 'c1',
        model: 'm',
        choices: [{ index: 0, delta: { content: 'x' }, logprobs, finish_reason: finish }],
      });
    const decoder = dialect.streamDecoder();
    const events = [
      chunk({ content: [token(-1)] }, null),
      chunk(null, null),
      chunk({ content: [token(-2), token(0)] }, 'stop'),
      '[DONE]',
    ].flatMap((data) => decoder.push({ data }));
    expect(events.at(-1)).toEqual({
      type: 'finish',
      stopReason: 'stop',
      logprobs: { mean: -1, tokens: 3 },
    });
  });

  it('are asked for where the router reads them, and only there', () => {
    expect(dialect.encodeRequest(asked(), 'm').body.logprobs).toBe(true);
    expect(dialect.encodeRequest(dialect.decodeRequest(BODY), 'm').body).not.toHaveProperty('logprobs');
  });

  it('are asked for on behalf of a client of another dialect', () => {
    const foreign = createAnthropicMessagesDialect().decodeRequest({ ...BODY, max_tokens: 9 });
    expect(dialect.encodeRequest({ ...foreign, readLogprobs: true }, 'm').body.logprobs).toBe(true);
  });

  it('are not asked for of a model that refuses the field, and nothing is said to be dropped', () => {
    const strict = createOpenAiChatDialect({ refuses: () => ['logprobs'] });
    const { body, dropped } = strict.encodeRequest(asked(), 'm');
    expect(body).not.toHaveProperty('logprobs');
    expect(dropped).toEqual([]);
  });

  it('are hidden from a client that did not ask, whose answer is else as it came', () => {
    const text = JSON.stringify(answer({ content: [token(-1)] }));
    expect(JSON.parse(dialect.conceal?.(asked(), text) ?? '')).toEqual(answer(null));
  });

  it.each([
    ['a client that asked', asked({ logprobs: true }), answer({ content: [token(-1)] })],
    ['a request whose answer nobody reads so', dialect.decodeRequest(BODY), answer({ content: [token(-1)] })],
    ['an answer without any', asked(), { id: 'c1', choices: [] }],
  ])('are left alone for %s', (_, request, body) => {
    expect(dialect.conceal?.(request, JSON.stringify(body))).toBeUndefined();
  });
});
