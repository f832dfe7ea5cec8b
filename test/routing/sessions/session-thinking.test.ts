import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatRequest, Part } from '../../../src/core/chat.ts';
import { RouterError } from '../../../src/core/errors.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { Provider, ProviderCall } from '../../../src/core/ports.ts';
import { createAnthropicMessagesDialect, createOpenAiChatDialect } from '../../../src/dialects/index.ts';
import { withOwnThinking } from '../../../src/routing/sessions/session-provider.ts';
import { createSignatureMakers } from '../../../src/routing/sessions/session-signatures.ts';
import { withoutForeignThinking } from '../../../src/routing/sessions/session-thinking.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createFakeProvider, responseOf } from '../../fakes/provider.ts';

const signed = (signature: string): JsonObject => ({ type: 'thinking', thinking: 'hm', signature });
const call: JsonObject = { type: 'tool_use', id: 't1', name: 'read', input: {} };
const result: JsonObject = { type: 'tool_result', tool_use_id: 't1', content: 'done' };

function messagesRequest(over: JsonObject): ChatRequest {
  return createAnthropicMessagesDialect().decodeRequest({ model: 'auto', max_tokens: 4_000, ...over });
}

const isOwn = (signature: string): boolean => signature === 'mine';

describe('withoutForeignThinking', () => {
  it('takes what others signed out of a chat completions body, and nothing else', () => {
    const extra = (signature: string): JsonObject => ({ google: { thought_signature: signature } });
    const called = (signature: string): JsonObject => ({
      id: 'c1',
      type: 'function',
      extra_content: extra(signature),
      function: { name: 'f', arguments: '{}' },
    });
    const shown: JsonObject = { type: 'reasoning.summary', summary: 'hm' };
    const turn = (signature: string): JsonObject[] => [
      {
        role: 'assistant',
        reasoning_details: [shown, { type: 'reasoning.encrypted', data: signature }],
        content: null,
        tool_calls: [called(signature)],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'done' },
    ];
    const only: JsonObject = {
      role: 'assistant',
      content: 'Hi',
      reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 'theirs' }],
      extra_content: extra('theirs'),
    };
    const messages = [{ role: 'user', content: 'a' }, ...turn('mine'), ...turn('theirs'), only];
    const request = createOpenAiChatDialect().decodeRequest({ model: 'auto', messages });
    const { request: sent, dropped } = withoutForeignThinking(request, isOwn);
    expect(dropped).toEqual(['messages[3].reasoning', 'messages[5].reasoning']);
    const { extra_content: _, ...unsigned } = called('theirs');
    expect(sent.raw.messages).toEqual([
      ...messages.slice(0, 3),
      { role: 'assistant', reasoning_details: [shown], content: null, tool_calls: [unsigned] },
      messages[4],
      { role: 'assistant', content: 'Hi' },
    ]);
    expect(
      sent.messages.flatMap(({ content }) => content).filter((part) => part.type === 'thinking'),
    ).toEqual([
      { type: 'thinking', text: '', redacted: 'mine' },
      { type: 'thinking', text: '', redacted: 'mine' },
    ]);
  });

  it('leaves a request alone, to the very object, whose thinking is all the model’s own', () => {
    const request = messagesRequest({
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: [signed('mine'), { type: 'text', text: 'b' }] },
        { role: 'user', content: 'c' },
      ],
    });
    expect(withoutForeignThinking(request, isOwn)).toEqual({ request, dropped: [] });
    expect(withoutForeignThinking(request, isOwn).request).toBe(request);
  });

  it('takes out what others signed, from the body and from the canonical messages, and names each', () => {
    const request = messagesRequest({
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: [signed('theirs'), { type: 'text', text: 'b' }] },
        { role: 'user', content: 'c' },
        { role: 'assistant', content: [signed('mine'), { type: 'text', text: 'd' }] },
        { role: 'user', content: 'e' },
        { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'theirs too' }] },
        { role: 'user', content: 'f' },
      ],
    });
    const { request: sent, dropped } = withoutForeignThinking(request, isOwn);
    expect(dropped).toEqual(['messages[1].thinking', 'messages[5].thinking']);
    expect(sent.raw.messages).toEqual([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [{ type: 'text', text: 'b' }] },
      { role: 'user', content: 'c' },
      { role: 'assistant', content: [signed('mine'), { type: 'text', text: 'd' }] },
      { role: 'user', content: 'e' },
      { role: 'user', content: 'f' },
    ]);
    expect(sent.raw.thinking).toEqual({ type: 'enabled', budget_tokens: 2_000 });
    const thoughts = sent.messages
      .flatMap(({ content }) => content)
      .filter(({ type }) => type === 'thinking');
    expect(thoughts).toHaveLength(1);
  });

  const LOOP = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: [signed('mine'), call] },
    { role: 'user', content: [result] },
    { role: 'assistant', content: [signed('theirs'), call] },
    { role: 'user', content: [result] },
  ];

  it('asks for one answer without thinking where a budget demands the thinking that had to go', () => {
    const request = messagesRequest({
      thinking: { type: 'enabled', budget_tokens: 2_000 },
      context_management: {
        edits: [{ type: 'clear_thinking_20251015' }, { type: 'clear_tool_uses_20250919' }],
      },
      messages: LOOP,
    });
    const { request: sent, dropped } = withoutForeignThinking(request, isOwn);
    expect(dropped).toEqual(['messages[1].thinking', 'messages[3].thinking', 'thinking']);
    expect(sent.raw.thinking).toBeUndefined();
    expect(JSON.stringify(sent.raw)).not.toContain('"thinking"');
    expect(sent.raw.context_management).toEqual({ edits: [{ type: 'clear_tool_uses_20250919' }] });
    expect(sent.raw.messages).toHaveLength(5);
  });

  it('keeps the model thinking where it thinks adaptively', () => {
    const request = messagesRequest({ thinking: { type: 'adaptive' }, messages: LOOP });
    const { request: sent, dropped } = withoutForeignThinking(request, isOwn);
    expect(dropped).toEqual(['messages[3].thinking']);
    expect(sent.raw.thinking).toEqual({ type: 'adaptive' });
  });

  it('takes encrypted reasoning out of a Responses body, and the ids by which it would be missed', () => {
    const encrypted: Part = { type: 'thinking', text: '', redacted: 'theirs' };
    const request: ChatRequest = {
      ...messagesRequest({ messages: [{ role: 'user', content: 'a' }] }),
      dialect: 'openai-responses',
      raw: {
        model: 'auto',
        input: [
          { role: 'user', content: 'a' },
          { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'theirs' },
          { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'read', arguments: '{}' },
          { type: 'function_call_output', call_id: 'c1', output: 'x' },
          { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'mine' },
          { type: 'message', id: 'msg_2', role: 'assistant', content: [] },
        ],
      },
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'a' }] },
        { role: 'assistant', content: [encrypted] },
      ],
    };
    const { request: sent, dropped } = withoutForeignThinking(request, isOwn);
    expect(dropped).toEqual(['input[1].reasoning']);
    expect(sent.raw.input).toEqual([
      { role: 'user', content: 'a' },
      { type: 'function_call', call_id: 'c1', name: 'read', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c1', output: 'x' },
      { type: 'reasoning', id: 'rs_2', summary: [], encrypted_content: 'mine' },
      { type: 'message', id: 'msg_2', role: 'assistant', content: [] },
    ]);
  });
});

const { signal } = new AbortController();

/** Answers with thinking that it signs with the name of the model. */
function createSigner(): Provider & { readonly calls: ProviderCall[] } {
  const calls: ProviderCall[] = [];
  return {
    id: 'signer',
    calls,
    async complete(sent) {
      calls.push(sent);
      const part: Part = {
        type: 'thinking',
        text: 'hm',
        signature: `by ${sent.upstreamModel} ${calls.length}`,
      };
      return { response: { ...responseOf('ok'), content: [part] }, dropped: ['topK'] };
    },
    async stream() {
      throw new Error('not scripted');
    },
  };
}

describe('withOwnThinking', () => {
  const makers = () => createSignatureMakers({ entries: 100, clock: createFakeClock() });
  const idsOf = (upstreamModel: string): string[] => [`our-${upstreamModel}`];
  const asked = (signature: string, model = 'auto') =>
    messagesRequest({
      model,
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: [signed(signature), { type: 'text', text: 'b' }] },
        { role: 'user', content: 'c' },
      ],
    });

  it('keeps a signature with its maker and away from every other model, and says so', async () => {
    const provider = createSigner();
    const own = withOwnThinking(provider, { makers: makers(), idsOf });
    const first = messagesRequest({ messages: [{ role: 'user', content: 'a' }] });
    await own.complete({ request: first, upstreamModel: 'opus', signal });

    const same = await own.complete({ request: asked('by opus 1'), upstreamModel: 'opus', signal });
    expect(same.dropped).toEqual(['topK']);
    expect(JSON.stringify(provider.calls[1]?.request.raw)).toContain('by opus 1');

    const other = await own.complete({ request: asked('by opus 1'), upstreamModel: 'haiku', signal });
    expect(other.dropped).toEqual(['messages[1].thinking', 'topK']);
    expect(JSON.stringify(provider.calls[2]?.request)).not.toContain('by opus 1');
  });

  it('sends thinking of unknown make only to a model that the caller names', async () => {
    const provider = createSigner();
    const own = withOwnThinking(provider, { makers: makers(), idsOf });
    await own.complete({ request: asked('who knows'), upstreamModel: 'opus', signal });
    await own.complete({ request: asked('who knows', 'our-opus'), upstreamModel: 'opus', signal });
    await own.complete({ request: asked('who knows', 'our-haiku'), upstreamModel: 'opus', signal });
    expect(provider.calls.map(({ request }) => JSON.stringify(request.raw).includes('who knows'))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('leaves out what the provider refuses, in a second call', async () => {
    const refused = new RouterError(
      'upstream_rejected',
      'messages.1.content.0: Invalid `signature` in `thinking` block',
      {
        upstreamStatus: 400,
      },
    );
    const inner = createSigner();
    let calls = 0;
    const provider: Provider = {
      ...inner,
      async complete(sent) {
        calls += 1;
        if (calls === 1) throw refused;
        return inner.complete(sent);
      },
    };
    const own = withOwnThinking(provider, { makers: makers(), idsOf });
    const { dropped } = await own.complete({
      request: asked('who knows', 'our-opus'),
      upstreamModel: 'opus',
      signal,
    });
    expect(dropped).toEqual(['messages[1].thinking', 'topK']);
    const plain = messagesRequest({ model: 'our-opus', messages: [{ role: 'user', content: 'a' }] });
    calls = 0;
    await expect(own.complete({ request: plain, upstreamModel: 'opus', signal })).rejects.toBe(refused);
  });

  it('learns the signatures of streams, pieces joined', async () => {
    const known = makers();
    const provider = createFakeProvider({
      opus: [
        {
          events: [
            { type: 'start', id: 'r', model: 'm' },
            { type: 'thinking', text: 'hm' },
            { type: 'thinking_signature', signature: 'AB' },
            { type: 'thinking_signature', signature: 'CD' },
            { type: 'redacted_thinking', data: 'EF' },
            { type: 'finish', stopReason: 'stop' },
          ],
        },
      ],
    });
    const own = withOwnThinking(provider, { makers: known, idsOf });
    const { frames } = await own.stream({ request: asked('x'), upstreamModel: 'opus', signal });
    for await (const _ of frames);
    expect(known.makerOf('ABCD')).toBe('opus');
    expect(known.makerOf('EF')).toBe('opus');
    expect(known.makerOf('AB')).toBeUndefined();
  });
});

describe('any history', () => {
  const text = { type: 'text', text: 'so' };
  const block = fc.constantFrom<JsonObject>(
    signed('mine'),
    signed('theirs'),
    { type: 'redacted_thinking', data: 'theirs' },
    { type: 'redacted_thinking', data: 'mine' },
    text,
  );
  const turn = fc.record({ thoughts: fc.array(block, { maxLength: 3 }), calls: fc.boolean() });
  const isThought = ({ type }: JsonObject): boolean => type === 'thinking' || type === 'redacted_thinking';

  it('is left without foreign thinking, with all else as it was, and valid for a thinking budget', () => {
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 5 }), (turns) => {
        const messages = turns.flatMap(({ thoughts, calls }) => [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: [...thoughts, calls ? call : text] },
          ...(calls ? [{ role: 'user', content: [result] }] : []),
        ]);
        const thinking = { type: 'enabled', budget_tokens: 2_000 };
        const request = messagesRequest({ thinking, messages });
        const { request: sent, dropped } = withoutForeignThinking(request, isOwn);
        const bodies = JSON.stringify([sent.raw.messages, sent.messages]);
        expect(bodies).not.toContain('theirs');
        const blocks = (body: unknown): JsonObject[] =>
          (body as { content: string | JsonObject[] }[]).flatMap(({ content }) =>
            typeof content === 'string' ? [] : content.filter((each) => !isThought(each)),
          );
        expect(blocks(sent.raw.messages)).toEqual(blocks(messages));
        expect(dropped.length > 0).toBe(JSON.stringify(messages).includes('theirs'));
        if (dropped.length === 0 || sent.raw.thinking === undefined) return;
        const last = (sent.raw.messages as { role: string; content: JsonObject[] }[]).findLast(
          ({ role }) => role === 'assistant',
        );
        const inLoop = turns.at(-1)?.calls === true;
        if (inLoop) expect(isThought(last?.content[0] ?? {})).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
