import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  after,
  answers,
  breaksOff,
  createGate,
  type FakeUpstream,
  fails,
  hangsUp,
  lies,
  rateLimited,
  stalls,
  startUpstream,
} from './upstream.ts';

let upstream: FakeUpstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());
beforeEach(() => upstream.reset());

const post = (path: string, body: object, signal?: AbortSignal): Promise<Response> =>
  fetch(upstream.baseUrl + path, {
    method: 'POST',
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });

describe('the scripted upstream', () => {
  it('answers in the dialect of the path, streamed where asked', async () => {
    upstream.otherwise(() => answers('two words'));
    const openai = await (await post('/chat/completions', { model: 'm' })).json();
    const responses = await (await post('/responses', { model: 'm' })).json();
    const anthropic = await (await post('/messages', { model: 'm' })).json();
    const stream = await (await post('/messages', { model: 'm', stream: true })).text();
    expect(openai).toMatchObject({ model: 'm', choices: [{ message: { content: 'two words' } }] });
    expect(responses).toMatchObject({ model: 'm', output: [{ content: [{ text: 'two words' }] }] });
    expect(anthropic).toMatchObject({ model: 'm', content: [{ type: 'text', text: 'two words' }] });
    expect(stream).toContain('event: message_stop');
    expect(upstream.received.map(({ path, dialect }) => [path, dialect])).toEqual([
      ['/chat/completions', 'openai-chat'],
      ['/responses', 'openai-responses'],
      ['/messages', 'anthropic-messages'],
      ['/messages', 'anthropic-messages'],
    ]);
  });

  it('plays its script in order, then goes on with the rest', async () => {
    upstream.next(rateLimited(3), fails(404), lies());
    const first = await post('/chat/completions', { model: 'm' });
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '3']);
    expect((await post('/chat/completions', { model: 'm' })).status).toBe(404);
    await expect((await post('/chat/completions', { model: 'm' })).json()).rejects.toThrow();
    expect((await post('/chat/completions', { model: 'm' })).status).toBe(200);
  });

  it('cuts, hangs up and stalls', async () => {
    upstream.next(breaksOff('one two three', 2), hangsUp(), stalls());
    const cut = await post('/chat/completions', { model: 'm', stream: true });
    await expect(cut.text()).rejects.toThrow();
    await expect(post('/chat/completions', { model: 'm' })).rejects.toThrow();
    const gone = new AbortController();
    const stalled = post('/chat/completions', { model: 'm' }, gone.signal);
    const request = await upstream.request(3);
    gone.abort();
    await expect(stalled).rejects.toThrow();
    expect(await request.hungUp).toBe(true);
  });

  it('holds an answer back until its gate opens', async () => {
    const gate = createGate();
    upstream.next(after(gate.opened, answers('late')));
    const answer = post('/chat/completions', { model: 'm' });
    const request = await upstream.request(1);
    gate.open();
    expect((await answer).status).toBe(200);
    expect(await request.hungUp).toBe(false);
  });
});
