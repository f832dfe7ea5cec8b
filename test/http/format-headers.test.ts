import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startUpstream } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

let upstream: FakeUpstream;
let router: TestRouter;

beforeAll(async () => {
  upstream = await startUpstream();
  router = await startRouter(
    {
      builtin_catalog: false,
      classifier: { bundle: 'no-such-bundle' },
      judge: { model: 'none' },
      providers: {
        claude: { dialect: 'anthropic-messages', base_url: upstream.baseUrl, key_env: 'OUR_KEY' },
        chat: { base_url: upstream.baseUrl },
      },
      models: [
        { id: 'claude', provider: 'claude', tier: 'moderate' },
        { id: 'gpt', provider: 'chat', tier: 'moderate' },
      ],
    },
    { OUR_KEY: 'ours' },
  );
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await router.close();
  await upstream.close();
});

const SENT = {
  'anthropic-beta': 'context-management-2025-06-27,files-api-2025-04-14',
  'anthropic-version': '2023-06-01',
  'x-api-key': 'theirs',
  authorization: 'Bearer theirs',
  cookie: 'theirs',
};

async function receivedFrom(path: string, model: string) {
  const body = { model, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] };
  expect((await router.post(path, body, SENT)).status).toBe(200);
  return upstream.received[0]?.headers ?? {};
}

describe("headers of the caller's format", () => {
  it('reach an upstream that speaks it, and nothing else of the caller does', async () => {
    const headers = await receivedFrom('/v1/messages', 'claude');
    expect(headers['anthropic-beta']).toBe(SENT['anthropic-beta']);
    expect(headers['anthropic-version']).toBe('2023-06-01');
    expect(headers['x-api-key']).toBe('ours');
    expect(JSON.stringify(headers)).not.toContain('theirs');
  });

  it('do not reach an upstream of another format, nor come from a caller of another', async () => {
    expect(await receivedFrom('/v1/messages', 'gpt')).not.toHaveProperty('anthropic-beta');
    upstream.reset();
    expect(await receivedFrom('/v1/chat/completions', 'claude')).not.toHaveProperty('anthropic-beta');
  });
});
