import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import { answers, type FakeUpstream, json, startUpstream, streams } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

const PRICE = { input: 1, output: 10, as_of: '2026-11-01' };
/** What one answer of the fake upstream costs at that price: 10 tokens in, 5 out. */
const COST = (10 * 1 + 5 * 10) / 1e6;

let upstream: FakeUpstream;
let nano: FakeUpstream;
let router: TestRouter;

const config = (): ConfigInput => ({
  builtin_catalog: false,
  judge: { model: 'nano' },
  classifier: { bundle: 'no-such-bundle' },
  providers: { up: { base_url: upstream.baseUrl }, nano: { base_url: nano.baseUrl } },
  models: [
    { id: 'small', provider: 'up', tier: 'simple', price: PRICE, logprobs: true },
    { id: 'large', provider: 'up', tier: 'complex', price: PRICE },
    { id: 'nano', provider: 'nano', tier: 'simple', price: { ...PRICE, input: 5 } },
  ],
  validators: {
    kind: { type: 'llm_judge', rubric: 'The answer is kind.' },
    sure: { type: 'confidence', min_mean_logprob: -0.5, min_tokens: 2 },
  },
  routes: [
    { name: 'kind', match: { metadata: { task: 'kind' } }, tier: 'simple', validators: ['kind'] },
    { name: 'sure', match: { metadata: { task: 'sure' } }, tier: 'simple', validators: ['sure'] },
    { name: 'whole', match: { metadata: { task: 'whole' } }, tier: 'simple', validators: ['complete'] },
    { name: 'free', match: { metadata: { task: 'free' } }, tier: 'simple', validators: [] },
    { name: 'plain', match: { metadata: { task: 'plain' } }, tier: 'simple' },
  ],
});

beforeAll(async () => {
  [upstream, nano] = await Promise.all([startUpstream(), startUpstream()]);
  router = await startRouter(config());
});
afterAll(async () => {
  await router.close();
  await Promise.all([upstream.close(), nano.close()]);
});
afterEach(() => {
  upstream.reset();
  nano.reset();
});

const TOOL = {
  type: 'function',
  function: {
    name: 'find',
    parameters: { type: 'object', required: ['q'], properties: { q: { type: 'string' } } },
  },
};
const call = (text: string) => answers('', { toolCall: { id: 'c', name: 'find', arguments: text } });
const ask = (task: string, over: object = {}) =>
  router.post('/v1/chat/completions', {
    model: 'auto',
    messages: [{ role: 'user', content: 'Find the harbour' }],
    metadata: { task },
    ...over,
  });

interface Seen {
  readonly status: string;
  readonly escalated: boolean;
  readonly costUsd: number | null;
  readonly attempts: readonly {
    readonly model: string;
    readonly status: string;
    readonly validator?: object;
    readonly checks?: readonly object[];
  }[];
}

/** The outcome of the request that was answered so, once it is on record. */
async function outcomeOf(answer: Response): Promise<Seen> {
  const id = answer.headers.get('x-router-decision-id') ?? '';
  for (;;) {
    const { outcome } = (await router.router.store.getDecision(id)) ?? {};
    if (outcome) return outcome as unknown as Seen;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a judging validator', () => {
  it('escalates what scores too little, and its cost is part of the bill', async () => {
    upstream.next(answers('Go away.'), answers('With pleasure!'));
    nano.next(answers('0.2'), answers('0.95'));
    const answer = await ask('kind');
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'With pleasure!' } }] });
    const { attempts, costUsd, escalated } = await outcomeOf(answer);
    const nanoCost = (10 * 5 + 5 * 10) / 1e6;
    const paid = [{ name: 'kind', model: 'nano', costUsd: nanoCost, usage: { outputTokens: 5 } }];
    expect(attempts).toMatchObject([
      { model: 'small', status: 'rejected', validator: { reason: 'scored 0.2, below 0.8' }, checks: paid },
      { model: 'large', status: 'ok', checks: paid },
    ]);
    expect(escalated).toBe(true);
    expect(costUsd).toBeCloseTo(2 * COST + 2 * nanoCost, 12);
  });

  it('delivers the last answer, and says which check it failed', async () => {
    upstream.otherwise(() => answers('Go away.'));
    nano.otherwise(() => answers('0'));
    const answer = await ask('kind');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-router-validation')).toBe('failed kind');
  });
});

describe('a validator that reads log-probabilities', () => {
  const token = (logprob: number) => ({ token: 'x', logprob, bytes: null, top_logprobs: [] });
  const body = (model: string, content: string, logprob: number) => ({
    id: 'c1',
    object: 'chat.completion',
    created: 1,
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content },
        logprobs: { content: [token(logprob), token(logprob)], refusal: null },
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  });

  it('has the model asked for them, hides them, and escalates doubt', async () => {
    upstream.next(json(body('small', 'Perhaps', -2)), answers('Surely'));
    const answer = await ask('sure');
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'Surely' } }] });
    expect(upstream.received.map(({ body: sent }) => sent.logprobs)).toEqual([true, undefined]);
    expect((await outcomeOf(answer)).attempts[0]?.validator).toEqual({
      name: 'sure',
      reason: 'mean token log-probability -2.000, below -0.5',
    });
  });

  it('lets a sure answer through as it would have come without', async () => {
    const sure = body('small', 'Surely', -0.1);
    upstream.next(json(sure));
    const [choice] = sure.choices;
    expect(await (await ask('sure')).json()).toEqual({ ...sure, choices: [{ ...choice, logprobs: null }] });
  });

  it('leaves them to a client that asked', async () => {
    const sure = body('small', 'Surely', -0.1);
    upstream.next(json(sure));
    expect(await (await ask('sure', { logprobs: true })).json()).toEqual(sure);
  });

  it('reads them in a stream and hides them there', async () => {
    const chunk = (logprobs: object | null, finish: string | null) => ({
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'small',
      choices: [{ index: 0, delta: { content: 'x' }, logprobs, finish_reason: finish }],
    });
    const frames = (logprob: number | null) =>
      ['a', 'b'].map((_, at) => {
        const logprobs = logprob === null ? null : { content: [token(logprob)] };
        return `data: ${JSON.stringify(chunk(logprobs, at === 1 ? 'stop' : null))}\n\n`;
      });
    upstream.next(streams([...frames(-0.1), 'data: [DONE]\n\n']));
    const sure = await ask('sure', { stream: true });
    expect(await sure.text()).toBe([...frames(null), 'data: [DONE]\n\n'].join(''));
    upstream.next(streams([...frames(-3), 'data: [DONE]\n\n']), answers('Surely'));
    const doubtful = await ask('sure', { stream: true });
    expect(await doubtful.text()).toContain('Surely');
  });
});

describe('the validators that every request has', () => {
  it('escalate a call whose arguments do not fit', async () => {
    upstream.next(call('{"query": 1}'), call('{"q": "harbour"}'));
    const answer = await ask('plain', { tools: [TOOL] });
    expect(JSON.stringify(await answer.json())).toContain('harbour');
    expect((await outcomeOf(answer)).attempts).toMatchObject([
      { status: 'rejected', validator: { name: 'tool_arguments' } },
      { status: 'ok' },
    ]);
  });

  it('escalate an empty answer', async () => {
    upstream.next(answers(''), answers('Here'));
    expect(await (await ask('plain')).json()).toMatchObject({ choices: [{ message: { content: 'Here' } }] });
  });

  it('do not hold a stream back, but label it', async () => {
    upstream.next(call('{"query": 1}'));
    const answer = await ask('plain', { tools: [TOOL], stream: true });
    expect(await answer.text()).toContain('query');
    const { attempts, escalated } = await outcomeOf(answer);
    expect(escalated).toBe(false);
    expect(attempts).toMatchObject([{ status: 'rejected', validator: { name: 'tool_arguments' } }]);
  });

  it('are not asked where a route names its own, or none', async () => {
    upstream.next(answers(''));
    expect(await (await ask('free')).json()).toMatchObject({ choices: [{ message: { content: '' } }] });
    expect(upstream.received).toHaveLength(1);
  });
});

it('built-in validators are there by name', async () => {
  upstream.next(answers('Half of', { stop: 'length' }), answers('The whole.'));
  expect(await (await ask('whole')).json()).toMatchObject({
    choices: [{ message: { content: 'The whole.' } }],
  });
});
