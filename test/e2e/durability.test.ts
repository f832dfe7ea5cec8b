import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { testPrompts } from './prompts.ts';
import { type RunningServer, startServer } from './server.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
const prompts = testPrompts();
const running: RunningServer[] = [];
const upstreams: Server[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop('SIGKILL')));
  for (const upstream of upstreams.splice(0)) upstream.close();
});

async function post(url: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${url}${path}`, { method: 'POST', headers: JSON_HEADERS, body: JSON.stringify(body) });
}

/** Asks and votes without pause until the server is gone; notes what the server had acknowledged. */
async function client(
  url: string,
  offset: number,
  acknowledged: { decisions: string[]; votes: string[] },
): Promise<void> {
  for (let index = offset; ; index++) {
    const { prompt = 'hello' } = prompts[index % prompts.length] ?? {};
    const stream = index % 2 === 0;
    try {
      const body = { model: 'auto', stream, messages: [{ role: 'user', content: prompt }] };
      const answer = await post(url, '/v1/chat/completions', body);
      const id = answer.headers.get('x-router-decision-id') ?? '';
      const first = await answer.body?.getReader().read();
      if (first?.value) acknowledged.decisions.push(id);
      const vote = await post(url, '/v1/feedback', { decision_id: id, rating: 'down' });
      if (vote.status === 200) acknowledged.votes.push(id);
    } catch {
      return;
    }
  }
}

describe('SIGKILL', () => {
  it('loses no decision whose first byte was sent and no feedback that was answered 200', async () => {
    const server = await startServer();
    running.push(server);
    const acknowledged = { decisions: [] as string[], votes: [] as string[] };
    const clients = Array.from({ length: 8 }, (_, index) => client(server.url, index * 5, acknowledged));
    while (acknowledged.votes.length < 60) await new Promise((resolve) => setTimeout(resolve, 5));
    await server.stop('SIGKILL');
    await Promise.all(clients);

    const store = await openSqliteStore(server.storePath);
    const found = await Promise.all(acknowledged.decisions.map((id) => store.getDecision(id)));
    const voted = await Promise.all(acknowledged.votes.map((id) => store.getDecision(id)));
    await store.close();
    expect(acknowledged.decisions.length).toBeGreaterThanOrEqual(60);
    expect(found.filter((stored) => stored === undefined)).toEqual([]);
    expect(voted.filter((stored) => stored?.feedback[0]?.rating !== 'down')).toEqual([]);
  }, 60_000);
});

/** An upstream that answers only when told to. */
async function heldUpstream(): Promise<{ url: string; asked: Promise<void>; answer: () => void }> {
  let answer = (): void => {};
  let noteAsked = (): void => {};
  const asked = new Promise<void>((resolve) => {
    noteAsked = resolve;
  });
  const server = createServer((_req, res) => {
    answer = () => {
      res.setHeader('content-type', 'application/json');
      const message = { role: 'assistant', content: 'late but whole' };
      const usage = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 };
      const choices = [{ index: 0, message, finish_reason: 'stop' }];
      res.end(JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices, usage }));
    };
    noteAsked();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  upstreams.push(server);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return { url, asked, answer: () => answer() };
}

describe('SIGTERM', () => {
  it('lets the request in flight finish, takes no new one, keeps its outcome and exits with 0', async () => {
    const upstream = await heldUpstream();
    const server = await startServer({
      config: {
        judge: { model: 'none' },
        providers: { held: { base_url: upstream.url } },
        models: [{ id: 'held', provider: 'held', tier: 'simple' }],
      },
    });
    running.push(server);
    const inFlight = post(server.url, '/v1/chat/completions', {
      model: 'held',
      messages: [{ role: 'user', content: 'hello' }],
    });
    await upstream.asked;
    const stopped = server.stop('SIGTERM');
    const health = (): Promise<unknown> => fetch(`${server.url}/healthz`).catch(() => 'refused');
    await expect.poll(health).toBe('refused');
    upstream.answer();
    const answer = await inFlight;
    expect(answer.status).toBe(200);
    expect(
      ((await answer.json()) as { choices: { message: { content: string } }[] }).choices[0]?.message.content,
    ).toBe('late but whole');
    expect(await stopped).toBe(0);

    const store = await openSqliteStore(server.storePath);
    const stored = await store.getDecision(answer.headers.get('x-router-decision-id') ?? '');
    await store.close();
    expect(stored?.outcome).toMatchObject({ status: 'ok', model: 'held' });
  }, 60_000);

  it('keeps the outcome of a request that was cut off when draining had lasted long enough', async () => {
    const upstream = await heldUpstream();
    const server = await startServer({
      config: {
        server: { drain_timeout_ms: 100 },
        judge: { model: 'none' },
        providers: { held: { base_url: upstream.url } },
        models: [{ id: 'held', provider: 'held', tier: 'simple' }],
      },
    });
    running.push(server);
    const inFlight = post(server.url, '/v1/route', { model: 'held', prompt: 'hello' }).catch(() => 'cut off');
    await upstream.asked;
    expect(await server.stop('SIGTERM')).toBe(0);
    expect(await inFlight).toBe('cut off');

    const store = await openSqliteStore(server.storePath);
    const { total } = await store.stats({ from: 0, to: Number.MAX_SAFE_INTEGER });
    await store.close();
    expect(total).toMatchObject({ requests: 1, cancelled: 1 });
  }, 60_000);
});
