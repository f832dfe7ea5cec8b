/** What users of other routers ask of the bill; the number is that of their issue. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answers, type FakeUpstream, startUpstream } from '../fakes/upstream.ts';
import { moneyConfig } from '../fixtures/money-config.ts';
import { startRouter, type TestRouter } from '../http/harness.ts';

let upstream: FakeUpstream;
let router: TestRouter;
beforeAll(async () => {
  upstream = await startUpstream();
  router = await startRouter(moneyConfig(upstream.baseUrl));
});
afterAll(async () => {
  await router.close();
  await upstream.close();
});

describe('cost', () => {
  it.each([
    ['in one piece', 'openai-chat', '/v1/chat/completions', 'large', false],
    ['streamed', 'openai-chat', '/v1/chat/completions', 'large', true],
    ['across dialects', 'anthropic-messages', '/v1/chat/completions', 'writer', false],
    ['streamed across dialects', 'anthropic-messages', '/v1/chat/completions', 'writer', true],
    ['of a client of messages', 'anthropic-messages', '/v1/messages', 'writer', true],
  ])(
    'agentgateway/agentgateway 3228: output tokens, 95 %% of the bill, are part of the cost of an answer %s',
    async (_, __, path, model, stream) => {
      upstream.reset();
      upstream.next(answers('a long answer', { usage: { input: 100, output: 380 } }));
      const messages = [{ role: 'user', content: 'Write at length.' }];
      const response = await router.post(path, { model, stream, messages, max_tokens: 1_000 });
      await response.text();
      const stored = await router.router.store.getDecision(
        response.headers.get('x-router-decision-id') ?? '',
      );
      const cost = stored?.outcome?.costUsd;
      const [input, output] = model === 'large' ? [1.25, 10] : [3, 15];
      expect(cost).toBe(Math.round((100 * input + 380 * output) * 1e6) / 1e12);
      expect(1 - (100 * input * 1e-6) / Number(cost)).toBeGreaterThan(0.94);
    },
  );
});
