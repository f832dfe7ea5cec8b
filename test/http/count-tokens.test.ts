import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTokenCounter } from '../../src/providers/token-counter.ts';
import { type FakeUpstream, fails, json, startUpstream, text } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

let claude: FakeUpstream;
let gpt: FakeUpstream;
let router: TestRouter;
let anthropic: Anthropic;
let openai: OpenAI;

beforeAll(async () => {
  claude = await startUpstream();
  gpt = await startUpstream();
  router = await startRouter(
    {
      builtin_catalog: false,
      classifier: { bundle: 'no-such-bundle' },
      execution: { breaker_failures: 1_000 },
      providers: {
        claude: { dialect: 'anthropic-messages', base_url: claude.baseUrl, key_env: 'CLAUDE_KEY' },
        responses: { dialect: 'openai-responses', base_url: gpt.baseUrl },
        chat: { base_url: gpt.baseUrl },
        gateway: { dialect: 'anthropic-messages', base_url: claude.baseUrl, path: '/model/{model}/invoke' },
      },
      models: [
        {
          id: 'claude-sonnet-4-5',
          provider: 'claude',
          tier: 'moderate',
          upstream_model: 'claude-sonnet-4-5-20250929',
        },
        { id: 'gpt-5', provider: 'responses', tier: 'complex' },
        { id: 'small', provider: 'chat', tier: 'simple' },
        { id: 'through-gateway', provider: 'gateway', tier: 'moderate' },
      ],
      routes: [{ name: 'pinned', match: { headers: { 'x-team': 'a' } }, model: 'claude-sonnet-4-5' }],
    },
    { CLAUDE_KEY: 'sk-claude' },
  );
  anthropic = new Anthropic({ baseURL: router.url, apiKey: 'unused', maxRetries: 0 });
  openai = new OpenAI({ baseURL: `${router.url}/v1`, apiKey: 'unused', maxRetries: 0 });
});
afterEach(() => {
  claude.reset();
  gpt.reset();
});
afterAll(async () => {
  await router.close();
  await Promise.all([claude.close(), gpt.close()]);
});

const TOOL = {
  name: 'get_weather',
  description: 'The weather of a place.',
  input_schema: { type: 'object' as const, properties: { place: { type: 'string' } } },
};
const BODY = {
  system: 'Be brief.',
  messages: [{ role: 'user' as const, content: 'What is the weather in Lima?' }],
};

describe('client.messages.countTokens', () => {
  it('of a pinned model asks its own upstream, with the body as it came and our key', async () => {
    claude.next(json({ input_tokens: 1_234 }));
    const { data, response } = await anthropic.messages
      .countTokens({
        model: 'claude-sonnet-4-5',
        ...BODY,
        tools: [TOOL],
        thinking: { type: 'enabled', budget_tokens: 2_000 },
      })
      .withResponse();
    expect(data).toEqual({ input_tokens: 1_234 });
    expect(response.headers.get('x-router-counted-by')).toBe('upstream');
    expect(response.headers.get('x-router-model')).toBe('claude-sonnet-4-5');
    const [sent] = claude.received;
    expect(sent?.path).toBe('/messages/count_tokens');
    expect(sent?.headers['x-api-key']).toBe('sk-claude');
    expect(sent?.body).toEqual({
      model: 'claude-sonnet-4-5-20250929',
      ...BODY,
      tools: [TOOL],
      thinking: { type: 'enabled', budget_tokens: 2_000 },
    });
  });

  it.each(['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5-latest'])(
    'knows the model by %s',
    async (model) => {
      claude.next(json({ input_tokens: 7 }));
      expect(await anthropic.messages.countTokens({ model, ...BODY })).toEqual({ input_tokens: 7 });
    },
  );

  it('of a model that a static route pins asks its upstream too', async () => {
    claude.next(json({ input_tokens: 8 }));
    const headers = { 'x-team': 'a' };
    expect(await anthropic.messages.countTokens({ model: 'auto', ...BODY }, { headers })).toEqual({
      input_tokens: 8,
    });
  });

  it.each([
    ['an error', fails(500)],
    ['a missing endpoint', fails(404)],
    ['a limit', fails(429)],
    ['a page', text('<html>')],
    ['no number', json({ input_tokens: 'many' })],
  ])('counts itself where the upstream answers with %s', async (_, reply) => {
    claude.next(reply);
    const { data, response } = await anthropic.messages
      .countTokens({ model: 'claude-sonnet-4-5', ...BODY })
      .withResponse();
    expect(response.headers.get('x-router-counted-by')).toBe('local');
    const count = createTokenCounter();
    const expected = (await count('Be brief.')) + (await count('What is the weather in Lima?')) + 2 * 4;
    expect(data).toEqual({ input_tokens: expected });
  });

  it.each(['auto', 'auto:moderate', 'small', 'gpt-5', 'through-gateway'])(
    'counts %s itself, and calls nobody',
    async (model) => {
      const plain = await anthropic.messages.countTokens({ model, ...BODY });
      const withTools = await anthropic.messages.countTokens({ model, ...BODY, tools: [TOOL] });
      expect(plain.input_tokens).toBeGreaterThan(10);
      expect(withTools.input_tokens).toBeGreaterThan(plain.input_tokens + 20);
      expect([...claude.received, ...gpt.received]).toEqual([]);
    },
  );

  it('checks the body as Anthropic does, without a ceiling of output tokens', async () => {
    const bad = [
      [{ model: 'auto' }, 'messages'],
      [{ model: 'auto', messages: [] }, 'messages'],
      [{ model: 'auto', messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
      [{ messages: BODY.messages }, 'model'],
    ] as const;
    for (const [body, field] of bad) {
      const answer = await router.post('/v1/messages/count_tokens', body);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({
        type: 'error',
        error: { type: 'invalid_request_error', message: expect.stringContaining(field) },
      });
    }
    const unknown = await router.post('/v1/messages/count_tokens', { model: 'claude-9', ...BODY });
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { type: 'not_found_error' } });
  });

  it('passes the beta headers of the format on', async () => {
    claude.next(json({ input_tokens: 3 }));
    await anthropic.beta.messages.countTokens({
      model: 'claude-sonnet-4-5',
      ...BODY,
      betas: ['context-1m-2025-08-07'],
    });
    expect(claude.received[0]?.headers['anthropic-beta']).toContain('context-1m-2025-08-07');
  });
});

describe('client.responses.inputTokens.count', () => {
  it('of a pinned model asks its own upstream', async () => {
    gpt.next(json({ object: 'response.input_tokens', input_tokens: 99 }));
    const counted = await openai.responses.inputTokens.count({
      model: 'gpt-5',
      input: 'What is the weather in Lima?',
    });
    expect(counted).toEqual({ object: 'response.input_tokens', input_tokens: 99 });
    expect(gpt.received[0]?.path).toBe('/responses/input_tokens');
    expect(gpt.received[0]?.body).toEqual({ model: 'gpt-5', input: 'What is the weather in Lima?' });
  });

  it('counts itself where the model is not settled', async () => {
    const counted = await openai.responses.inputTokens.count({
      model: 'auto',
      input: 'What is the weather in Lima?',
    });
    expect(counted.input_tokens).toBeGreaterThan(5);
    expect(gpt.received).toEqual([]);
  });
});
