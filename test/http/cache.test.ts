/** The exact-match response cache, as clients see it. */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { answers, breaksOff, type FakeUpstream, fails, json, startUpstream } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

const PRICE = { input: 1, output: 10, as_of: '2026-11-01' };
const messages = [{ role: 'user' as const, content: 'the capital of France?' }];
const ask = { model: 'auto', temperature: 0, messages };
const [ALICE, BOB] = [{ authorization: 'Bearer alice' }, { authorization: 'Bearer bob' }];

let upstream: FakeUpstream;
let router: TestRouter;

async function start(
  cache: ConfigInput['cache'] = {},
  more: ConfigInput = {},
  surroundings = {},
): Promise<void> {
  upstream = await startUpstream();
  router = await startRouter(
    {
      builtin_catalog: false,
      judge: { model: 'none' },
      classifier: { bundle: 'no-such-bundle' },
      execution: { retries: 0 },
      providers: {
        chat: { base_url: upstream.baseUrl },
        claude: { dialect: 'anthropic-messages', base_url: upstream.baseUrl },
      },
      models: [
        { id: 'small', provider: 'chat', tier: 'simple', price: PRICE },
        { id: 'middle', provider: 'claude', tier: 'moderate', price: PRICE },
        { id: 'large', provider: 'chat', tier: 'complex', price: { ...PRICE, output: 100 } },
      ],
      cache: { enabled: true, ...cache },
      ...more,
    },
    {},
    surroundings,
  );
}
afterEach(async () => {
  await router.close();
  await upstream.close();
});

const chat = (body: object = ask, headers: Record<string, string> = ALICE) =>
  router.post('/v1/chat/completions', body, headers);
const state = async (answer: Promise<Response>): Promise<string | null> => {
  const { headers, ...rest } = await answer.then(async (got) => ({
    headers: got.headers,
    text: await got.text(),
  }));
  expect(rest.text).not.toBe('');
  return headers.get('x-router-cache');
};
/** What becomes of the same request asked twice. */
const twice = async (body: object, headers?: Record<string, string>) => [
  await state(chat(body, headers)),
  await state(chat(body, headers)),
];

describe('the same request of the same key', () => {
  it('is answered anew once the earlier one has been forgotten', async () => {
    await start();
    const asked = { ...ask, user: 'jane' };
    expect(await twice(asked)).toEqual(['miss', 'hit']);
    await router.router.store.forget({ user: 'jane' });
    expect(await twice(asked)).toEqual(['miss', 'hit']);
    expect(upstream.received).toHaveLength(2);
  });

  it('gets the same answer without a model, and a record at no cost', async () => {
    await start();
    const [first, second] = [await chat(), await chat()];
    expect([first.headers.get('x-router-cache'), second.headers.get('x-router-cache')]).toEqual([
      'miss',
      'hit',
    ]);
    expect(await second.json()).toEqual(await first.json());
    expect(upstream.received).toHaveLength(1);
    expect(second.headers.get('x-router-source')).toBe('cache');
    expect(second.headers.get('x-router-cost-usd')).toBe('0');
    expect(second.headers.get('x-router-model')).toBe(first.headers.get('x-router-model'));
    const id = second.headers.get('x-router-decision-id') ?? '';
    expect(id).not.toBe(first.headers.get('x-router-decision-id'));
    const { store } = router.router;
    const kept = await store.getDecision(id);
    expect(kept?.decision).toMatchObject({ source: 'cache', requestedModel: 'auto' });
    expect(kept?.decision.classification).toBeUndefined();
    expect(kept?.outcome).toMatchObject({
      status: 'ok',
      costUsd: 0,
      attempts: [{ provider: 'response-cache' }],
    });
    const before = await store.getDecision(first.headers.get('x-router-decision-id') ?? '');
    expect(kept?.outcome?.baselineCostUsd).toBe(before?.outcome?.baselineCostUsd);
  });

  it('whatever the order of its fields', async () => {
    await start();
    await state(chat({ model: 'auto', temperature: 0, messages, seed: 1 }));
    expect(
      await state(
        chat({
          seed: 1,
          messages: [{ content: messages[0]?.content, role: 'user' }],
          temperature: 0,
          model: 'auto',
        }),
      ),
    ).toBe('hit');
  });

  it.each([
    ['another key', ask, BOB],
    ['no key', ask, {}],
    ['another prompt', { ...ask, messages: [{ role: 'user', content: 'of Spain?' }] }, ALICE],
    ['another model', { ...ask, model: 'auto:complex' }, ALICE],
    ['another setting', { ...ask, max_tokens: 7 }, ALICE],
    ['a bound of the tier', ask, { ...ALICE, 'x-router-min-tier': 'complex' }],
    ['a header that a route matches', ask, { ...ALICE, 'X-Job': 'nightly' }],
  ])('is another with %s', async (_, body, headers) => {
    await start(
      {},
      { routes: [{ name: 'jobs', match: { headers: { 'x-job': 'nightly' } }, tier: 'complex' }] },
    );
    await state(chat());
    expect(await state(chat(body, headers as Record<string, string>))).toBe('miss');
    expect(upstream.received).toHaveLength(2);
  });

  it('is another after its time', async () => {
    const clock = createFakeClock();
    await start({ ttl_s: 10 }, {}, { clock });
    await state(chat());
    clock.advance(9_000);
    expect(await state(chat())).toBe('hit');
    clock.advance(2_000);
    expect(await state(chat())).toBe('miss');
  });
});

describe('an answer that came one way is given the other way', () => {
  const clients = () => ({
    openai: new OpenAI({ baseURL: `${router.url}/v1`, apiKey: 'alice', maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: router.url, apiKey: 'alice', maxRetries: 0 }),
  });

  it.each(['auto:simple', 'auto:moderate'])('to chat completions, from %s', async (model) => {
    await start();
    upstream.otherwise(() => answers('Paris it is'));
    const { openai } = clients();
    const body = { ...ask, model };
    const streamed = async (include_usage: boolean) => {
      const stream = await openai.chat.completions.create({
        ...body,
        stream: true,
        stream_options: { include_usage },
      });
      let [text, usage, end] = ['', 0, ''];
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        end = chunk.choices[0]?.finish_reason ?? end;
        usage = chunk.usage?.total_tokens ?? usage;
      }
      return { text, usage, end };
    };
    const whole = await openai.chat.completions.create(body);
    expect(await streamed(true)).toEqual({
      text: 'Paris it is',
      usage: whole.usage?.total_tokens,
      end: 'stop',
    });
    expect(await streamed(false)).toEqual({ text: 'Paris it is', usage: 0, end: 'stop' });
    Object.assign(body, { max_tokens: 9 });
    expect(await streamed(false)).toMatchObject({ text: 'Paris it is', end: 'stop' });
    const again = await openai.chat.completions.create(body);
    expect(again.choices[0]).toMatchObject({ message: { content: 'Paris it is' }, finish_reason: 'stop' });
    expect(upstream.received).toHaveLength(2);
  });

  it.each(['auto:simple', 'auto:moderate'])('to messages, from %s', async (model) => {
    await start();
    upstream.otherwise(() => answers('Paris it is'));
    const { anthropic } = clients();
    const body = { ...ask, model, max_tokens: 50 };
    const text = ({ content }: Anthropic.Message) =>
      content.map((part) => (part.type === 'text' ? part.text : ''));
    const whole = await anthropic.messages.create(body);
    const streamed = await anthropic.messages.stream(body).finalMessage();
    expect([text(streamed), streamed.stop_reason]).toEqual([text(whole), whole.stop_reason]);
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
    const other = { ...body, top_k: 5 };
    const first = await anthropic.messages.stream(other).finalMessage();
    const second = await anthropic.messages.create(other);
    expect(text(second)).toEqual(text(first));
    expect(upstream.received).toHaveLength(3);
  });

  it('to responses', async () => {
    await start();
    upstream.otherwise(() => answers('Paris it is'));
    const { openai } = clients();
    const body = { model: 'auto:simple', temperature: 0, input: 'the capital of France?' };
    const whole = await openai.responses.create(body);
    let text = '';
    for await (const event of await openai.responses.create({ ...body, stream: true })) {
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.completed') expect(event.response.output_text ?? text).toBe('Paris it is');
    }
    expect([whole.output_text, text]).toEqual(['Paris it is', 'Paris it is']);
    expect(upstream.received).toHaveLength(1);
  });

  it('byte for byte where it is the same way', async () => {
    await start();
    const body = { ...ask, stream: true };
    const first = await (await chat(body)).text();
    const second = await chat(body);
    expect(second.headers.get('x-router-cache')).toBe('hit');
    expect(await second.text()).toBe(first);
  });

  it('not where only the one way has room for what was asked', async () => {
    await start();
    const body = { ...ask, logprobs: true };
    await state(chat(body));
    expect(await state(chat({ ...body, stream: true }))).toBe('miss');
    expect(await state(chat({ ...body, stream: true }))).toBe('hit');
  });
});

describe('is not kept', () => {
  const toolCall = {
    id: 'c1',
    object: 'chat.completion',
    created: 1,
    model: 'small',
    choices: [
      {
        index: 0,
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 't1', type: 'function', function: { name: 'pay', arguments: '{}' } }],
        },
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  };
  const plain = (finish_reason: string, message: object) => ({
    ...toolCall,
    choices: [{ index: 0, finish_reason, message: { role: 'assistant', ...message } }],
  });
  const pinned = { ...ask, model: 'small' };

  it.each([
    ['an error', fails(500)],
    ['a tool call', json(toolCall)],
    ['a truncated answer', json(plain('length', { content: 'Par' }))],
    ['a filtered answer', json(plain('content_filter', { content: 'Par' }))],
    ['a refusal', json(plain('stop', { content: null, refusal: 'No.' }))],
  ])('%s', async (_, reply) => {
    await start({}, { default_validators: [] });
    upstream.next(reply);
    const tools = [{ type: 'function', function: { name: 'pay', parameters: { type: 'object' } } }];
    await state(chat({ ...pinned, tools }));
    expect(await state(chat({ ...pinned, tools }))).toBe('miss');
    expect(upstream.received).toHaveLength(2);
  });

  it('a stream that broke off', async () => {
    await start();
    upstream.next(breaksOff('one two three', 3));
    await state(chat({ ...pinned, stream: true }));
    expect(await state(chat({ ...pinned, stream: true }))).toBe('miss');
  });

  it('an answer that failed its validator', async () => {
    await start(
      {},
      {
        validators: { never: { type: 'regex', pattern: 'never' } },
        routes: [{ name: 'all', match: { path: '/v1/*' }, tier: 'complex', validators: ['never'] }],
      },
    );
    expect(await twice(ask)).toEqual(['miss', 'miss']);
  });

  it.each([
    ['at a temperature', { model: 'auto', messages }],
    [
      'with an image that may change',
      {
        ...ask,
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.example/b.png' } }] },
        ],
        model: 'large',
      },
    ],
  ])('what is asked %s', async (_, body) => {
    await start({}, { models: [{ id: 'large', provider: 'chat', tier: 'complex', vision: true }] });
    expect(await twice(body)).toEqual([null, null]);
  });
});

describe('what is asked for', () => {
  it('no-store neither reads nor keeps, no-cache asks anew', async () => {
    await start();
    expect(await twice(ask, { ...ALICE, 'cache-control': 'no-store' })).toEqual([null, null]);
    expect(await twice(ask)).toEqual(['miss', 'hit']);
    upstream.next(answers('newer'));
    expect(await state(chat(ask, { ...ALICE, 'cache-control': 'max-age=0, no-cache' }))).toBe('miss');
    expect(await (await chat()).text()).toContain('newer');
    expect(await state(chat(ask, { ...ALICE, 'cache-control': 'no-store' }))).toBe(null);
  });

  it('every temperature where the configuration says so', async () => {
    await start({ only_temperature_zero: false });
    expect(await twice({ model: 'auto', messages })).toEqual(['miss', 'hit']);
  });

  it('nothing unless it is enabled', async () => {
    await start({ enabled: false });
    expect(await twice(ask)).toEqual([null, null]);
    expect(upstream.received).toHaveLength(2);
  });

  it('no more than there is room for', async () => {
    await start({ max_entries: 1 });
    await state(chat());
    await state(chat({ ...ask, seed: 1 }));
    expect(await state(chat())).toBe('miss');
  });
});
