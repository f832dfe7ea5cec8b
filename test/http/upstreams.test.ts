import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import {
  answers,
  breaksOff,
  type FakeUpstream,
  fails,
  lies,
  rateLimited,
  startUpstream,
} from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

const PRICE = { input: 1, output: 10, as_of: '2026-11-01' };
/** What one answer of the fake upstream costs at that price: 10 tokens in, 5 out. */
const COST = (10 * 1 + 5 * 10) / 1e6;

let openAiServer: FakeUpstream;
let anthropicServer: FakeUpstream;
let judgeServer: FakeUpstream;
let router: TestRouter;
let openai: OpenAI;
let anthropic: Anthropic;

function config(): ConfigInput {
  const dialects = { chat: 'openai-chat', claude: 'anthropic-messages', nano: 'openai-chat' } as const;
  const urls = { chat: openAiServer.baseUrl, claude: anthropicServer.baseUrl, nano: judgeServer.baseUrl };
  const provider = (id: keyof typeof urls) => ({
    dialect: dialects[id],
    base_url: urls[id],
    first_byte_timeout_ms: 2_000,
  });
  return {
    builtin_catalog: false,
    judge: { model: 'nano-judge' },
    classifier: { bundle: 'no-such-bundle' },
    execution: { breaker_failures: 1_000 },
    providers: { chat: provider('chat'), claude: provider('claude'), nano: provider('nano') },
    models: [
      { id: 'small-a', provider: 'chat', tier: 'simple', price: { ...PRICE, input: 0.5 } },
      { id: 'small-b', provider: 'chat', tier: 'simple', price: PRICE },
      { id: 'middle', provider: 'claude', tier: 'moderate', price: PRICE, vision: true },
      {
        id: 'large',
        provider: 'chat',
        tier: 'complex',
        upstream_model: 'vendor/large-v1',
        price: PRICE,
        vision: true,
      },
      {
        id: 'nano-judge',
        provider: 'nano',
        tier: 'simple',
        price: { ...PRICE, input: 5 },
        tools: false,
        streaming: false,
      },
    ],
    validators: {
      labels: { type: 'labels', labels: ['yes', 'no'] },
      shaped: { type: 'json_schema', schema: { required: ['a'] } },
    },
    routes: [
      {
        name: 'labels',
        match: { metadata: { task: 'label' } },
        tier: 'simple',
        max_output_tokens: 5,
        validators: ['labels'],
      },
      { name: 'shaped', match: { headers: { 'X-Task': 'shape' } }, tier: 'moderate', validators: ['shaped'] },
      { name: 'pinned', match: { path: '/v1/messages', metadata: { user_id: 'vip' } }, model: 'large' },
      {
        name: 'team',
        // SHA-256 of "team-key"
        match: { api_key_sha256: 'e5c4224ebc9128d62514e9289e8e299c92872e2590deb3afac3ca0b84afb26a8' },
        tier: 'moderate',
      },
    ],
  };
}

beforeAll(async () => {
  [openAiServer, anthropicServer, judgeServer] = await Promise.all([
    startUpstream(),
    startUpstream(),
    startUpstream(),
  ]);
  router = await startRouter(config());
  openai = new OpenAI({ baseURL: `${router.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: router.url, apiKey: 'unused', maxRetries: 0 });
});
afterAll(async () => {
  await router.close();
  await Promise.all([openAiServer.close(), anthropicServer.close(), judgeServer.close()]);
});
afterEach(() => {
  for (const server of [openAiServer, anthropicServer, judgeServer]) server.reset();
});

const user = (content: string) => [{ role: 'user' as const, content }];

interface Explained {
  readonly decision: { readonly reasons: readonly string[]; readonly judge?: { readonly status: string } };
  readonly outcome: {
    readonly status: string;
    readonly escalated: boolean;
    readonly cost_usd: number | null;
    readonly attempts: readonly {
      readonly model: string;
      readonly status: string;
      readonly cost_usd: number | null;
      readonly error?: { readonly code: string };
      readonly validator?: { readonly name: string };
    }[];
  };
}

async function explain(headers: Headers): Promise<Explained> {
  return (await (
    await router.get(`/v1/decisions/${headers.get('x-router-decision-id')}`)
  ).json()) as Explained;
}

describe('a routed request', () => {
  it('goes to the cheapest model of its tier under its own name, with the price of its tokens', async () => {
    openAiServer.next(answers('hello'));
    const call = openai.chat.completions.create({
      model: 'auto:simple',
      messages: user('hi'),
      temperature: 0.5,
      seed: 7,
    });
    const { data, response } = await call.withResponse();
    expect(data.choices[0]?.message.content).toBe('hello');
    expect(response.headers.get('x-router-model')).toBe('small-a');
    expect(Number(response.headers.get('x-router-cost-usd'))).toBeCloseTo((10 * 0.5 + 5 * 10) / 1e6, 12);
    expect(openAiServer.received[0]?.body).toEqual({
      model: 'small-a',
      messages: user('hi'),
      temperature: 0.5,
      seed: 7,
    });
  });

  it('has its upstream model renamed and nothing else, tools and images untouched', async () => {
    const body = {
      model: 'auto:complex',
      messages: [
        {
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } }],
        },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'f', parameters: { type: 'object', properties: {} }, strict: true },
        },
      ],
      tool_choice: 'auto',
      a_field_of_tomorrow: { kept: true },
    };
    await router.post('/v1/chat/completions', body);
    expect(openAiServer.received[0]?.body).toEqual({ ...body, model: 'vendor/large-v1' });
  });

  it('reaches an Anthropic upstream from an OpenAI client, and back, streamed or not', async () => {
    anthropicServer.next(answers('from claude'), answers('from claude, streamed'));
    const plain = await openai.chat.completions.create({ model: 'auto:moderate', messages: user('hi') });
    expect(plain.choices[0]?.message.content).toBe('from claude');
    expect(plain.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5 });
    const stream = await openai.chat.completions.create({
      model: 'auto:moderate',
      messages: user('hi'),
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('from claude, streamed');
    expect(anthropicServer.received[0]?.path).toBe('/messages');
    expect(anthropicServer.received[0]?.body).toMatchObject({
      model: 'middle',
      max_tokens: expect.any(Number),
    });
  });

  it('reaches an OpenAI upstream from an Anthropic client, and back, streamed or not', async () => {
    openAiServer.next(answers('from gpt'), answers('from gpt, streamed'));
    const ask = { model: 'auto:simple', max_tokens: 50, system: 'Be brief.', messages: user('hi') };
    const plain = await anthropic.messages.create(ask);
    expect(plain.content).toMatchObject([{ type: 'text', text: 'from gpt' }]);
    expect(plain.usage).toMatchObject({ input_tokens: 10, output_tokens: 5 });
    expect(await anthropic.messages.stream(ask).finalText()).toBe('from gpt, streamed');
    expect(openAiServer.received[0]?.body).toMatchObject({
      messages: [{ content: 'Be brief.' }, { content: 'hi' }],
    });
  });

  it('puts a tool call of one dialect into the other', async () => {
    anthropicServer.next(
      answers('', { toolCall: { id: 'call_1', name: 'weather', arguments: '{"city":"Lima"}' } }),
    );
    const tool = { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } };
    const answer = await openai.chat.completions.create({
      model: 'auto:moderate',
      messages: user('Lima?'),
      tools: [tool],
    });
    expect(answer.choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_1', function: { name: 'weather', arguments: '{"city":"Lima"}' } },
    ]);
  });

  it('of a stream has its tokens and cost in the record although the client did not ask for usage', async () => {
    openAiServer.next(answers('one two three'));
    const call = openai.chat.completions.create({ model: 'small-b', messages: user('hi'), stream: true });
    const { data, response } = await call.withResponse();
    const chunks = [];
    for await (const chunk of data) chunks.push(chunk);
    expect(chunks.every((chunk) => !chunk.usage)).toBe(true);
    const { outcome } = await explain(response.headers);
    expect(outcome.status).toBe('ok');
    expect(outcome.cost_usd).toBeCloseTo(COST, 12);
  });

  it('that needs eyes skips the models that have none', async () => {
    const image = { type: 'image_url' as const, image_url: { url: 'https://example.com/a.png' } };
    const call = openai.chat.completions.create({
      model: 'auto:simple',
      messages: [{ role: 'user', content: [image] }],
    });
    const { response } = await call.withResponse();
    expect(response.headers.get('x-router-tier')).toBe('simple');
    expect(response.headers.get('x-router-model')).toBe('middle');
  });
});

describe('the judge', () => {
  /** No keyword matches and it is long: the fallback rules are in doubt. */
  const doubtful =
    'The garden by the river was quiet in the evening and the boats were coming home one after the other. '.repeat(
      6,
    );

  it('is asked in doubt, by the whole guide, and its word counts', async () => {
    judgeServer.next(answers('SIMPLE'));
    const { response } = await openai.chat.completions
      .create({ model: 'auto', messages: user(doubtful) })
      .withResponse();
    expect(response.headers.get('x-router-source')).toBe('nano');
    expect(response.headers.get('x-router-tier')).toBe('simple');
    const asked = JSON.stringify(judgeServer.received[0]?.body);
    expect(asked).toContain('cheapest tier');
    expect(asked).toContain('garden by the river');
    const again = await openai.chat.completions
      .create({ model: 'auto', messages: user(doubtful) })
      .withResponse();
    expect(again.response.headers.get('x-router-source')).toBe('nano');
    expect(judgeServer.received).toHaveLength(1);
  });

  it.each([
    { name: 'fails', reply: fails(500), status: 'error' },
    { name: 'chatters', reply: answers('I would say SIMPLE, or maybe MODERATE'), status: 'unparsable' },
  ])('that $name sends the request one tier up, never down', async ({ name, reply, status }) => {
    judgeServer.otherwise(() => reply);
    const prompt = `${doubtful} (${name})`;
    const { response } = await openai.chat.completions
      .create({ model: 'auto', messages: user(prompt) })
      .withResponse();
    expect(response.headers.get('x-router-source')).toBe('fallback');
    expect(response.headers.get('x-router-tier')).toBe('complex');
    expect((await explain(response.headers)).decision.judge?.status).toBe(status);
  });
});

describe('static routes', () => {
  it('match metadata, set the ceiling and validate', async () => {
    openAiServer.next(answers('Yes.'));
    const body = { model: 'auto', messages: user('spam?'), metadata: { task: 'label' } };
    const { response } = await openai.chat.completions.create(body).withResponse();
    expect(response.headers.get('x-router-source')).toBe('static');
    const sent = openAiServer.received[0]?.body;
    expect(sent?.max_completion_tokens ?? sent?.max_tokens).toBe(5);
  });

  it('match an API key by its hash, which is never stored or passed on', async () => {
    const answer = await router.post(
      '/v1/chat/completions',
      { model: 'auto', messages: user('hi') },
      { authorization: 'Bearer team-key' },
    );
    expect(answer.headers.get('x-router-tier')).toBe('moderate');
    expect(answer.headers.get('x-router-source')).toBe('static');
    expect(JSON.stringify(anthropicServer.received[0]?.headers)).not.toContain('team-key');
    expect(JSON.stringify(await explain(answer.headers))).not.toContain('team-key');
  });

  it('may pin a model, and an override of the caller wins over them', async () => {
    const ask = { max_tokens: 5, messages: user('hi'), metadata: { user_id: 'vip' } };
    const pinned = await router.post('/v1/messages', { ...ask, model: 'auto' });
    expect(pinned.headers.get('x-router-model')).toBe('large');
    const forced = await router.post('/v1/messages', { ...ask, model: 'small-b' });
    expect(forced.headers.get('x-router-model')).toBe('small-b');
    expect(forced.headers.get('x-router-source')).toBe('override');
  });
});

describe('failures', () => {
  it('are retried, then the next model of the tier, then the next tier up; the trace says each', async () => {
    openAiServer.otherwise(({ body }) =>
      String(body.model).startsWith('small') ? fails(500) : answers('up there'),
    );
    anthropicServer.otherwise(() => fails(529));
    judgeServer.otherwise(() => fails(500));
    const { data, response } = await openai.chat.completions
      .create({ model: 'auto:simple', messages: user('hi') })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe('up there');
    expect(response.headers.get('x-router-tier')).toBe('simple');
    expect(response.headers.get('x-router-model')).toBe('large');
    const { outcome } = await explain(response.headers);
    expect(outcome.attempts.map(({ model, status }) => `${model} ${status}`)).toEqual([
      'small-a failed',
      'small-a failed',
      'small-b failed',
      'small-b failed',
      'nano-judge failed',
      'nano-judge failed',
      'middle failed',
      'middle failed',
      'large ok',
    ]);
    expect(outcome.escalated).toBe(true);
    expect(outcome.cost_usd).toBeCloseTo(COST, 12);
  });

  it.each([
    { name: 'an empty stream', reply: breaksOff('hello', 0) },
    { name: 'a stream cut before its first word', reply: breaksOff('hello', 1) },
    { name: 'an unreadable stream', reply: lies() },
    { name: 'a refused key', reply: fails(401) },
  ])('$name falls back before the client has seen anything', async ({ reply }) => {
    openAiServer.otherwise(({ body }) => (body.model === 'small-a' ? reply : answers('second')));
    const { data, response } = await openai.chat.completions
      .create({ model: 'auto:simple', messages: user('hi'), stream: true })
      .withResponse();
    let text = '';
    for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe('second');
    expect(response.headers.get('x-router-model')).toBe('small-b');
  });

  it('after the first word end the stream with an error in the dialect of the client', async () => {
    openAiServer.next(breaksOff('hello there friend', 4));
    const stream = await openai.chat.completions.create({
      model: 'auto:simple',
      messages: user('hi'),
      stream: true,
    });
    const read = async (): Promise<void> => {
      for await (const _ of stream);
    };
    await expect(read()).rejects.toThrow();
    openAiServer.next(breaksOff('hello there friend', 4));
    await expect(
      anthropic.messages.stream({ model: 'auto:simple', max_tokens: 9, messages: user('hi') }).finalText(),
    ).rejects.toThrow();
  });

  it('of every model give a 503 in dialect, soon', async () => {
    for (const server of [openAiServer, anthropicServer, judgeServer])
      server.otherwise(() => rateLimited(30));
    const answer = await router.post('/v1/messages', {
      model: 'auto:simple',
      max_tokens: 9,
      messages: user('hi'),
    });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('30');
    expect(await answer.json()).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } });
    expect((await explain(answer.headers)).outcome.status).toBe('failed');
  });

  it('that are the fault of the request reach the client at once', async () => {
    openAiServer.otherwise(() =>
      fails(400, { type: 'invalid_request_error', message: 'seed must be positive' }),
    );
    const answer = await router.post('/v1/chat/completions', { model: 'auto:simple', messages: user('hi') });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await answer.json())).toContain('seed must be positive');
    expect(openAiServer.received).toHaveLength(1);
  });

  it('a pinned model has no fallback', async () => {
    openAiServer.otherwise(() => fails(500));
    const answer = await router.post('/v1/chat/completions', { model: 'large', messages: user('hi') });
    expect(answer.status).toBe(502);
    expect((await explain(answer.headers)).outcome.attempts.every(({ model }) => model === 'large')).toBe(
      true,
    );
  });
});

describe('validators', () => {
  const ask = { model: 'auto', messages: user('spam?'), metadata: { task: 'label' } };

  it.each([false, true])('that fail send the request one tier up (streamed: %s)', async (stream) => {
    openAiServer.otherwise(() => answers('I cannot decide'));
    anthropicServer.otherwise(() => answers('no'));
    const answer = await router.post('/v1/chat/completions', { ...ask, stream });
    expect(await answer.text()).toContain('no');
    const { outcome } = await explain(answer.headers);
    expect(outcome.attempts.map(({ model, status }) => `${model} ${status}`)).toEqual([
      'small-a rejected',
      'middle ok',
    ]);
    expect(outcome.attempts[0]?.validator?.name).toBe('labels');
    expect(outcome.escalated).toBe(true);
  });

  it('that fail everywhere leave the last answer, and say so', async () => {
    for (const server of [openAiServer, anthropicServer]) server.otherwise(() => answers('perhaps'));
    const answer = await router.post('/v1/chat/completions', ask);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-router-validation')).toBe('failed labels');
    expect(answer.headers.get('x-router-model')).toBe('large');
  });

  it('of a schema pass what fits', async () => {
    anthropicServer.next(answers('{"a": 1}'));
    const answer = await router.post(
      '/v1/chat/completions',
      { model: 'auto', messages: user('shape it') },
      { 'x-task': 'shape' },
    );
    expect(answer.headers.get('x-router-model')).toBe('middle');
    expect(answer.headers.get('x-router-validation')).toBeNull();
  });
});

describe('a client that goes away', () => {
  it('takes its upstream request with it, and the outcome says cancelled', async () => {
    openAiServer.next(breaksOff('one two three four', 3, 'stall'));
    const abort = new AbortController();
    const answer = await fetch(`${router.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'auto:simple', messages: user('hi'), stream: true }),
      signal: abort.signal,
    });
    await answer.body?.getReader().read();
    abort.abort();
    const upstream = await openAiServer.request(1);
    expect(await upstream.hungUp).toBe(true);
    await expect.poll(async () => (await explain(answer.headers)).outcome?.status).toBe('cancelled');
  });
});

describe('the ledger', () => {
  it('counts to the last token what a hand counts', async () => {
    const own = await startRouter(config());
    openAiServer.otherwise(() => answers('x', { usage: { input: 1_000, output: 100 } }));
    for (let index = 0; index < 3; index++)
      await own.post('/v1/chat/completions', { model: 'small-b', messages: user('hi') });
    await own.post('/v1/chat/completions', { model: 'large', messages: user('hi') });
    const stats = (await (await own.get('/v1/stats')).json()) as Record<string, never>;
    await own.close();
    const each = (1_000 * 1 + 100 * 10) / 1e6;
    expect(stats).toMatchObject({
      total: { requests: 4, ok: 4, input_tokens: 4_000, output_tokens: 400, unknown_cost: 0 },
      by_tier: { simple: { requests: 3 }, moderate: { requests: 0 }, complex: { requests: 1 } },
      by_model: { 'small-b': { requests: 3, input_tokens: 3_000 }, large: { requests: 1 } },
      by_source: { override: 4 },
    });
    const { total, savings } = stats as unknown as {
      total: { cost_usd: number };
      savings: { baseline_cost_usd: number };
    };
    expect(total.cost_usd).toBeCloseTo(4 * each, 12);
    expect(savings.baseline_cost_usd).toBeCloseTo(4 * each, 12);
  });
});
