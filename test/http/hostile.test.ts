/** Names and sizes that nobody sends by accident, or only once. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FakeUpstream, startUpstream } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

let upstream: FakeUpstream;
let router: TestRouter;

beforeAll(async () => {
  upstream = await startUpstream();
  router = await startRouter({
    builtin_catalog: false,
    classifier: { bundle: 'no-such-bundle' },
    judge: { model: 'none' },
    providers: {
      claude: { dialect: 'anthropic-messages', base_url: upstream.baseUrl },
      chat: { base_url: upstream.baseUrl },
    },
    models: [
      { id: '模型\n1', provider: 'claude', tier: 'simple', context_window: 300 },
      { id: 'large', provider: 'chat', tier: 'complex', context_window: 300 },
    ],
    validators: { 'no\nway': { type: 'regex', pattern: 'never' } },
    routes: [{ name: 'v', match: { headers: { 'x-v': '1' } }, tier: 'complex', validators: ['no\nway'] }],
  });
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await router.close();
  await upstream.close();
});

const messages = [{ role: 'user', content: 'hi' }];

describe('headers of an answer', () => {
  it('carry what is not ASCII percent-encoded and cut what is too long', async () => {
    const body = { model: '模型\n1', messages, 'a\r\nset-cookie: b': 1, ['x'.repeat(20_000)]: 1 };
    const answer = await router.post('/v1/chat/completions', body);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-router-model')).toBe('%E6%A8%A1%E5%9E%8B%0A1');
    expect(answer.headers.get('x-router-dropped')).toMatch(/a%0D%0Aset-cookie: b, x+\.\.\.$/);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('name what was dropped before a stream too', async () => {
    const body = { model: '模型\n1', messages, stream: true, seed: 7 };
    const answer = await router.post('/v1/chat/completions', body);
    await answer.text();
    expect(answer.headers.get('x-router-dropped')).toBe('seed');
  });

  it('name the tier that answers where it is another, before a stream too', async () => {
    const answer = await router.post('/v1/chat/completions', {
      model: 'auto:moderate',
      messages,
      stream: true,
    });
    await answer.text();
    expect(answer.headers.get('x-router-tier')).toBe('moderate');
    expect(answer.headers.get('x-router-answered-by')).toBe('complex');
  });

  it('name a validator whatever it is called', async () => {
    const answer = await router.post('/v1/chat/completions', { model: 'auto', messages }, { 'x-v': '1' });
    expect(answer.headers.get('x-router-validation')).toBe('failed no%0Away');
  });
});

describe('a batch', () => {
  it('says which of its inputs fits no model', async () => {
    const inputs = [{ prompt: 'hi' }, { prompt: 'long '.repeat(2_000) }];
    const answer = await router.post('/v1/classify', { inputs });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { message: expect.stringMatching(/^inputs\[1\]: No configured model/), param: 'inputs[1]' },
    });
  });
});
