import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { testPrompts } from './prompts.ts';
import { type RunningServer, startServer } from './server.ts';

interface Answer {
  readonly text: string;
  readonly headers: Headers;
}

const prompts = testPrompts();
let server: RunningServer;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  server = await startServer();
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: server.url, apiKey: 'unused', maxRetries: 0 });
});
afterAll(() => server.stop());

async function askOpenAi(prompt: string, stream: boolean): Promise<Answer> {
  const body = { model: 'auto', messages: [{ role: 'user' as const, content: prompt }] };
  if (!stream) {
    const { data, response } = await openai.chat.completions.create(body).withResponse();
    return { text: data.choices[0]?.message.content ?? '', headers: response.headers };
  }
  const { data, response } = await openai.chat.completions.create({ ...body, stream: true }).withResponse();
  let text = '';
  for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? '';
  return { text, headers: response.headers };
}

async function askResponses(prompt: string, stream: boolean): Promise<Answer> {
  const body = { model: 'auto', input: prompt };
  if (!stream) {
    const { data, response } = await openai.responses.create(body).withResponse();
    return { text: data.output_text, headers: response.headers };
  }
  const { data, response } = await openai.responses.create({ ...body, stream: true }).withResponse();
  let text = '';
  for await (const event of data) if (event.type === 'response.output_text.delta') text += event.delta;
  return { text, headers: response.headers };
}

async function askAnthropic(prompt: string, stream: boolean): Promise<Answer> {
  const body = { model: 'auto', max_tokens: 500, messages: [{ role: 'user' as const, content: prompt }] };
  if (!stream) {
    const { data, response } = await anthropic.messages.create(body).withResponse();
    return {
      text: data.content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
      headers: response.headers,
    };
  }
  const events = anthropic.messages.stream(body);
  const { response } = await events.withResponse();
  return { text: await events.finalText(), headers: response.headers };
}

async function vote(decision: string): Promise<number> {
  const body = JSON.stringify({ decision_id: decision, rating: 'up' });
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${server.url}/v1/feedback`, { method: 'POST', headers, body })).status;
}

describe.each([
  { client: 'openai', ask: askOpenAi },
  { client: 'openai (responses)', ask: askResponses },
  { client: '@anthropic-ai/sdk', ask: askAnthropic },
])('the official $client client', ({ ask }) => {
  it(`gets a tier and a response for each of ${prompts.length} prompts, half of them streamed, and may vote on each`, async () => {
    const before = await stats();
    for (const [index, { prompt }] of prompts.entries()) {
      const { text, headers } = await ask(prompt, index % 2 === 0);
      expect(text).toContain('demo provider');
      expect(['simple', 'moderate', 'complex']).toContain(headers.get('x-router-tier'));
      expect(['local', 'fallback']).toContain(headers.get('x-router-source'));
      expect(headers.get('x-router-model')).toBe(`demo-${headers.get('x-router-tier')}`);
      expect(Number(headers.get('x-router-confidence'))).toBeGreaterThan(0);
      expect(headers.get('x-router-cost-usd')).toBe('0');
      expect(await vote(headers.get('x-router-decision-id') ?? '')).toBe(200);
    }
    const after = await stats();
    expect(after.total.requests - before.total.requests).toBe(prompts.length);
    expect(after.total.ok - before.total.ok).toBe(prompts.length);
    expect(after.total.feedback.up - before.total.feedback.up).toBe(prompts.length);
  }, 120_000);
});

interface StatsBody {
  readonly total: {
    readonly requests: number;
    readonly ok: number;
    readonly feedback: { readonly up: number };
  };
}

async function stats(): Promise<StatsBody> {
  return (await (await fetch(`${server.url}/v1/stats`)).json()) as StatsBody;
}

describe('the server', () => {
  it('says at start that it is a demo and which model serves each tier', () => {
    expect(server.banner).toContain('DEMO');
    for (const tier of ['simple', 'moderate', 'complex'])
      expect(server.banner).toContain(`${tier}: demo-${tier} (demo)`);
  });

  it('runs on the shipped bundle', () => {
    expect(server.banner).not.toContain('FALLBACK');
  });

  it('has every decision in its store, readable from another process', async () => {
    const store = await openSqliteStore(server.storePath);
    const { total } = await store.stats({ from: 0, to: Number.MAX_SAFE_INTEGER });
    await store.close();
    expect(total.requests).toBeGreaterThanOrEqual(2 * prompts.length);
    expect(total.feedback.up).toBeGreaterThanOrEqual(2 * prompts.length);
  });
});
