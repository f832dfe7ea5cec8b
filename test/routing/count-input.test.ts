import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '../../src/core/chat.ts';
import { countInput, isNearAWindow } from '../../src/routing/count-input.ts';
import { inputTokensOf, requirementsOf } from '../../src/routing/requirements.ts';
import { createFakeLogger } from '../fakes/logger.ts';
import { modelOf, requestOf } from '../fakes/requests.ts';
import { stageOf } from './stage.ts';

const ABLE = { tools: true, vision: true, json: true, streaming: true };
const text = (length: number): Partial<ChatRequest> => ({ messages: requestOf('x'.repeat(length)).messages });

describe('a prompt near a context window', () => {
  const models = [
    modelOf('small', 'simple', { contextWindow: 1_000 }),
    modelOf('big', 'simple', { contextWindow: 100_000, price: { input: 9, output: 9, asOf: '2026-01-01' } }),
  ];
  const first = async (count: number | Error, request: Partial<ChatRequest>) => {
    const counted: string[] = [];
    const countTokens = async (text: string): Promise<number> => {
      counted.push(text);
      if (count instanceof Error) throw count;
      return count;
    };
    const { run } = stageOf({ models, countTokens, expectedOutputTokens: 100, logger: createFakeLogger() });
    const decision = await run({ model: 'auto:simple', ...request });
    return { model: decision.plan.candidates[0]?.model, tokens: decision.inputTokens, asked: counted.length };
  };

  it.each([
    ['counted as fitting, though estimated as too long', 500, 4_000, 'small', 504],
    ['counted as too long, though estimated as fitting', 1_500, 3_000, 'big', 1_504],
    ['leaves no room for the expected answer', 950, 3_000, 'big', 954],
    ['leaves just that room', 896, 3_000, 'small', 900],
  ])('%s', async (_, count, length, model, tokens) => {
    expect(await first(count, text(length))).toEqual({ model, tokens, asked: 1 });
  });

  it.each([
    ['far below', 1_000],
    ['far beyond', 20_000],
  ])('is not counted %s', async (_, length) => {
    expect((await first(1, text(length))).asked).toBe(0);
  });

  it('is estimated where the tokenizer fails', async () => {
    expect(await first(new Error('no tables'), text(3_000))).toMatchObject({ model: 'small', tokens: 754 });
  });

  it('needs no room for an answer where the model has a window of its own for it', () => {
    const needs = { ...requirementsOf(requestOf('x'.repeat(3_900))), expectedOutputTokens: 500 };
    expect(isNearAWindow(needs, models)).toBe(true);
    const own = modelOf('own', 'simple', { contextWindow: 1_000, ownOutputWindow: true });
    return expect(
      stageOf({ models: [own], expectedOutputTokens: 500 }).run(text(3_900)),
    ).resolves.toBeDefined();
  });

  it('keeps a model that has no room for what is only expected where no other has more', async () => {
    const [small] = models;
    const { run } = stageOf({ models: small ? [small] : [], expectedOutputTokens: 500 });
    expect((await run(text(3_900))).plan.candidates[0]?.model).toBe('small');
    await expect(run(text(4_100))).rejects.toThrow(expect.objectContaining({ code: 'context_too_long' }));
  });
});

describe('what is counted', () => {
  it('is every text, the tools, and an estimate of what has none', async () => {
    const seen: string[] = [];
    const request = requestOf('', {
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'be brief' }] },
        {
          role: 'user',
          content: [
            { type: 'image', url: 'https://example.com/a.png' },
            { type: 'text', text: 'what?' },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool_call', id: 'c', name: 'look', arguments: '{}' }] },
        {
          role: 'tool',
          content: [{ type: 'tool_result', callId: 'c', content: [{ type: 'text', text: 'a cat' }] }],
        },
      ],
      tools: [{ type: 'function', name: 'look', parameters: { type: 'object' } }],
    });
    const tokens = await countInput(request, async (text) => {
      seen.push(text);
      return 10;
    });
    expect(seen).toEqual(['be brief', 'what?', 'look{}', 'a cat', JSON.stringify(request.tools)]);
    expect(tokens).toBe(5 * 10 + 4 * 4 + 1_000);
  });

  it('of a document is by its size, not by its base64 as text', () => {
    const data = 'QUJD'.repeat(20_000);
    const raw = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } };
    const part = { type: 'opaque', dialect: 'anthropic-messages', kind: 'document', raw } as const;
    const tokens = inputTokensOf({ messages: [{ role: 'user', content: [part] }], tools: [] });
    expect(tokens).toBeGreaterThan(2_000);
    expect(tokens).toBeLessThan(2_100);
  });
});

describe('capabilities', () => {
  const lacks = (name: string) => modelOf('unable', 'moderate', { capabilities: { ...ABLE, [name]: false } });
  const schema = { type: 'json_schema', name: 's', schema: {} } as const;
  const tools = ['a', 'b'].map((name) => ({ type: 'function', name, parameters: {} }) as const);
  it.each([
    ['jsonSchema', { responseFormat: schema }, 'does not honour a JSON schema'],
    ['parallelTools', { tools, parallelToolCalls: true }, 'cannot call tools in parallel'],
  ])('%s is asked of a model only where the request needs it', async (name, request, reason) => {
    const { run } = stageOf({ models: [lacks(name), modelOf('able', 'complex')] });
    const { plan } = await run(request);
    expect(plan.candidates.map(({ model }) => model)).toEqual(['able']);
    expect(plan.excluded).toEqual([{ model: 'unable', tier: 'moderate', reason }]);
    const plain = await run({ responseFormat: { type: 'json_object' }, tools });
    expect(plain.plan.candidates[0]?.model).toBe('unable');
  });
});
