import { readFileSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import { Validator } from '@seriousme/openapi-schema-validator';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/http/endpoint-table.ts';
import { startRouter, type TestRouter } from './harness.ts';

let router: TestRouter;
beforeAll(async () => {
  router = await startRouter();
});
afterAll(() => router.close());

async function decide(
  prompt = 'What is the capital of Peru?',
): Promise<Record<string, unknown> & { decision_id: string }> {
  const answer = await router.post('/v1/route', { prompt });
  return (await answer.json()) as Record<string, unknown> & { decision_id: string };
}

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
}

describe('the documents', () => {
  it('the README lists exactly the routes of the app', () => {
    const { stack } = (router.router.app as unknown as { router: { stack: Layer[] } }).router;
    const routes = stack.flatMap(({ route }) =>
      route ? Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`) : [],
    );
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const table = readme.slice(
      readme.indexOf('<!-- generated: endpoints -->'),
      readme.indexOf('<!-- end: endpoints -->'),
    );
    const documented = [...table.matchAll(/^\| `(\w+ \/\S+)` \|/gm)].map((match) => match[1]);
    expect(documented.sort()).toEqual(routes.sort());
  });

  it('/openapi.json is valid OpenAPI 3.1 and has every endpoint', async () => {
    const document = (await (await router.get('/openapi.json')).json()) as Record<string, unknown>;
    const validator = new Validator();
    const result = await validator.validate(document);
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(validator.version).toBe('3.1');
    const paths = Object.keys(document.paths as object);
    const known = new Set(ENDPOINTS.map(({ path }) => path.replace(':id', '{id}')));
    expect(paths.sort()).toEqual([...known].sort());
  });
});

describe('POST /v1/route', () => {
  it('answers a prompt with every promised field and header', async () => {
    const answer = await router.post('/v1/route', { prompt: 'Translate "good morning" into Spanish' });
    const body = (await answer.json()) as Record<string, unknown>;
    expect(answer.status).toBe(200);
    expect(body).toMatchObject({
      tier: expect.stringMatching(/^(simple|moderate|complex)$/),
      confidence: expect.any(Number),
      sufficiency: { simple: expect.any(Number), moderate: expect.any(Number), complex: 1 },
      source: expect.stringMatching(/^(local|fallback)$/),
      model: `demo-${body.tier}`,
      response: expect.stringContaining('demo provider'),
      usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number) },
      cost_usd: 0,
      decision_id: answer.headers.get('x-router-decision-id'),
      reasons: expect.arrayContaining([expect.stringContaining('first choice')]),
    });
    for (const name of ['tier', 'source', 'model'])
      expect(answer.headers.get(`x-router-${name}`)).toBe(body[name]);
    expect(Number(answer.headers.get('x-router-confidence'))).toBeCloseTo(body.confidence as number, 3);
    expect(answer.headers.get('x-router-cost-usd')).toBe('0');
  });

  it.each([
    { model: 'auto:simple', tier: 'simple', answered: 'demo-simple' },
    { model: 'auto:complex', tier: 'complex', answered: 'demo-complex' },
    { model: 'demo-moderate', tier: 'moderate', answered: 'demo-moderate' },
  ])('model $model is an override that nothing drops', async ({ model, tier, answered }) => {
    const body = await (
      await router.post('/v1/route', { model, prompt: 'Prove the Riemann hypothesis' })
    ).json();
    expect(body).toMatchObject({
      tier,
      model: answered,
      source: 'override',
      confidence: 1,
      sufficiency: null,
    });
  });

  it('takes messages with tools and images', async () => {
    const image = { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } };
    const answer = await router.post('/v1/route', {
      messages: [{ role: 'user', content: [{ type: 'text', text: 'what is this' }, image] }],
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
    });
    expect(answer.status).toBe(200);
  });
});

describe('bad input', () => {
  it.each([
    { path: '/v1/route', body: {}, says: /prompt/ },
    {
      path: '/v1/route',
      body: { prompt: 'a', messages: [{ role: 'user', content: 'b' }] },
      says: /prompt.*not both/,
    },
    { path: '/v1/route', body: { prompt: 7 }, says: /prompt/ },
    { path: '/v1/route', body: { prompt: 'a', stream: true }, says: /stream.*chat\/completions/ },
    { path: '/v1/route', body: [], says: /body|prompt|object/ },
    { path: '/v1/route', body: 'not json', says: /not valid JSON/ },
    { path: '/v1/route', body: 'null', says: /JSON object/ },
    { path: '/v1/chat/completions', body: { model: 'auto' }, says: /messages/ },
    { path: '/v1/chat/completions', body: { messages: [{ role: 'user', content: 'x' }] }, says: /model/ },
    {
      path: '/v1/chat/completions',
      body: { model: 'auto', messages: [{ role: 'robot', content: 'x' }] },
      says: /messages\[0\]\.role/,
    },
    { path: '/v1/chat/completions', body: 'null', says: /object/ },
    {
      path: '/v1/feedback',
      body: { decision_id: 'x' },
      says: /rating, score, tier, outcome, comment, revoke/,
    },
    { path: '/v1/feedback', body: { decision_id: 'x', rating: 'good' }, says: /rating.*up.*down/ },
    { path: '/v1/feedback', body: { decision_id: 'x', score: 2 }, says: /score/ },
    { path: '/v1/feedback', body: { decision_id: 'x', tier: 'hard' }, says: /tier.*simple.*complex/ },
    { path: '/v1/feedback', body: { decision_id: 'x', rating: 'up', score: 1 }, says: /only one/ },
    { path: '/v1/feedback', body: { decision_id: 'x', revoke: true, rating: 'up' }, says: /revoke/ },
    { path: '/v1/feedback', body: { decision_id: 'x', raiting: 'up' }, says: /raiting/ },
    { path: '/v1/classify', body: { inputs: [] }, says: /inputs/ },
    {
      path: '/v1/classify',
      body: { inputs: [{ prompt: 'ok' }, { prompt: '' }] },
      says: /inputs\[1\]\.prompt/,
    },
    {
      path: '/v1/classify',
      body: { inputs: Array.from({ length: 1001 }, () => ({ prompt: 'x' })) },
      says: /inputs.*at most 1000/,
    },
  ])('$path with $body is a 400 that says so', async ({ path, body, says }) => {
    const answer = await router.post(path, body);
    const { error } = (await answer.json()) as { error: { message: string } };
    expect(answer.status).toBe(400);
    expect(error.message).toMatch(says);
  });

  it('speaks Anthropic on the Anthropic endpoint', async () => {
    const answer = await router.post('/v1/messages', {
      model: 'auto',
      messages: [{ role: 'user', content: 'x' }],
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: expect.stringContaining('max_tokens') },
    });
  });

  it.each([
    ['GET', '/v1/responses/resp_1'],
    ['DELETE', '/v1/responses/resp_1'],
    ['POST', '/v1/responses/resp_1/cancel'],
    ['GET', '/v1/responses/resp_1/input_items'],
  ])('%s %s says that nothing is stored', async (method, path) => {
    const answer = await fetch(router.url + path, { method });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      error: { code: 'not_found', message: expect.stringContaining('stores no answers') },
    });
  });

  it('names what is allowed where a model is unknown', async () => {
    const answer = await router.post('/v1/route', { model: 'gpt-9', prompt: 'hi' });
    const { error } = (await answer.json()) as { error: { message: string; code: string } };
    expect(answer.status).toBe(404);
    expect(error.message).toContain('auto:simple');
    expect(error.message).toContain('demo-complex');
  });

  it.each([
    { method: 'GET', path: '/v1/nothing', status: 404 },
    { method: 'GET', path: '/v1/route', status: 405 },
    { method: 'POST', path: '/healthz', status: 405 },
    { method: 'GET', path: '/v1/responses', status: 405 },
    { method: 'GET', path: '/v1/responses/input_tokens', status: 405 },
    { method: 'GET', path: '/v1/decisions/unknown', status: 404 },
    { method: 'GET', path: '/v1/decisions/%E0%A4%A', status: 400 },
    { method: 'GET', path: '/v1/stats?window=soon', status: 400 },
    { method: 'GET', path: '/v1/stats?from=2026-02-01&to=2026-01-01', status: 400 },
    { method: 'GET', path: '/v1/stats?since=1h', status: 400 },
  ])('$method $path is $status', async ({ method, path, status }) => {
    const answer = await fetch(router.url + path, { method });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toHaveProperty('error.message');
  });

  it.each([
    { method: 'DELETE', path: '/v1/decisions/some-id', allow: 'GET, HEAD' },
    { method: 'PUT', path: '/v1/chat/completions', allow: 'POST' },
    { method: 'OPTIONS', path: '/v1/messages', allow: 'POST' },
    { method: 'POST', path: '/openapi.json', allow: 'GET, HEAD' },
  ])('$method $path is 405 and names the methods there are', async ({ method, path, allow }) => {
    const answer = await fetch(router.url + path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
  });

  it('answers HEAD as GET', async () => {
    expect((await fetch(`${router.url}/healthz`, { method: 'HEAD' })).status).toBe(200);
  });

  it.each(['/v1/chat/completions', '/v1/messages', '/v1/route', '/v1/feedback'])(
    '%s says how a body must be sent that did not come as JSON',
    async (path) => {
      const answer = await fetch(router.url + path, { method: 'POST', body: '{"model":"auto"}' });
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain('content-type application/json');
    },
  );

  it('refuses a body whose compression is broken, without calling it its own fault', async () => {
    const answer = await router.post('/v1/route', { prompt: 'hi' }, { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(400);
    expect(router.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('refuses a body over the limit', async () => {
    const small = await startRouter({ server: { body_limit_mb: 0.001 } });
    const answer = await small.post('/v1/route', { prompt: 'x'.repeat(5_000) });
    await small.close();
    expect(answer.status).toBe(413);
  });
});

describe('POST /v1/classify', () => {
  const inputs = [
    { prompt: 'hi' },
    { prompt: 'Write a function that merges two sorted lists' },
    { messages: [{ role: 'user', content: 'Prove that there are infinitely many primes of the form 4k+3' }] },
    { model: 'auto:complex', prompt: 'hi' },
  ];

  it('says what the live decision says, in order, and records nothing', async () => {
    const before = await (await router.get('/v1/stats')).json();
    const { results } = (await (await router.post('/v1/classify', { inputs })).json()) as {
      results: unknown[];
    };
    expect(await (await router.get('/v1/stats')).json()).toMatchObject({
      total: (before as { total: object }).total,
    });
    for (const [index, input] of inputs.entries()) {
      const live = (await (await router.post('/v1/route', input)).json()) as Record<string, unknown>;
      const { tier, confidence, sufficiency, source, model, reasons } = live;
      expect(results[index]).toEqual({ tier, confidence, sufficiency, source, model, reasons });
      const { plan, ...alone } = (await (await router.post('/v1/classify', input)).json()) as {
        plan: { candidates: { model: string }[] };
      };
      expect(alone).toEqual(results[index]);
      expect(plan.candidates[0]?.model).toBe(model);
    }
  });

  it('takes a thousand at once', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ prompt: `what is ${index} plus ${index}` }));
    const { results } = (await (await router.post('/v1/classify', many)).json()) as { results: unknown[] };
    expect(results).toHaveLength(1_000);
  });
});

describe('POST /v1/feedback', () => {
  it.each([
    { signal: { rating: 'up' }, stored: { kind: 'rating', rating: 'up' } },
    { signal: { score: 0 }, stored: { kind: 'score', score: 0 } },
    { signal: { tier: 'complex' }, stored: { kind: 'tier', tier: 'complex' } },
    { signal: { comment: 'too short' }, stored: { kind: 'comment', comment: 'too short' } },
  ])('records $signal', async ({ signal, stored }) => {
    const { decision_id } = await decide();
    const answer = await router.post('/v1/feedback', { decision_id, ...signal });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      decision_id,
      recorded: [stored.kind],
      replaced: false,
      revoked: 0,
    });
    const { feedback } = (await (await router.get(`/v1/decisions/${decision_id}`)).json()) as {
      feedback: unknown[];
    };
    expect(feedback).toEqual([expect.objectContaining(stored)]);
  });

  it('refuses the same vote twice, lets another replace it, takes it back and refuses to take back nothing', async () => {
    const { decision_id } = await decide();
    const send = (body: object) => router.post('/v1/feedback', { decision_id, ...body });
    expect((await send({ rating: 'up' })).status).toBe(200);
    expect((await send({ rating: 'up' })).status).toBe(409);
    expect(await (await send({ rating: 'down', comment: 'wrong' })).json()).toMatchObject({ replaced: true });
    expect(await (await send({ revoke: true })).json()).toMatchObject({ revoked: 2 });
    expect((await send({ revoke: true })).status).toBe(409);
    expect((await send({ rating: 'down' })).status).toBe(200);
  });

  it('records all or nothing', async () => {
    const { decision_id } = await decide();
    await router.post('/v1/feedback', { decision_id, comment: 'same' });
    expect((await router.post('/v1/feedback', { decision_id, rating: 'up', comment: 'same' })).status).toBe(
      409,
    );
    const { feedback } = (await (await router.get(`/v1/decisions/${decision_id}`)).json()) as {
      feedback: { kind: string }[];
    };
    expect(feedback.map(({ kind }) => kind)).toEqual(['comment']);
  });

  it('says that a decision is unknown', async () => {
    const answer = await router.post('/v1/feedback', { decision_id: 'dec_nowhere', rating: 'up' });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toHaveProperty('error.message', expect.stringContaining('decision_id'));
  });
});

describe('records', () => {
  it('a decision is explained completely', async () => {
    const { decision_id } = await decide('Fix the grammar: he go home');
    const explained = await (await router.get(`/v1/decisions/${decision_id}`)).json();
    expect(explained).toMatchObject({
      decision: {
        id: decision_id,
        classifier: expect.any(String),
        classification: { probabilities: { simple: expect.any(Number) } },
        gate: { sure: expect.any(Boolean), threshold: expect.any(Number) },
        plan: {
          candidates: expect.arrayContaining([expect.objectContaining({ reason: expect.any(String) })]),
        },
        propensity: 1,
        text: expect.stringContaining('grammar'),
      },
      outcome: {
        status: 'ok',
        attempts: [{ status: 'ok', cost_usd: 0, usage: { input_tokens: expect.any(Number) } }],
      },
      feedback: [],
    });
  });

  it('/v1/models serves both official clients', async () => {
    const { data } = (await (await router.get('/v1/models')).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual([
      'auto',
      'auto:simple',
      'auto:moderate',
      'auto:complex',
      'demo-simple',
      'demo-moderate',
      'demo-complex',
    ]);
  });

  it('/v1/models/:id shows one of them, to both official clients, and 404 for what there is not', async () => {
    const openai = new OpenAI({ baseURL: `${router.url}/v1`, apiKey: 'any' });
    expect(await openai.models.retrieve('auto:simple')).toMatchObject({ id: 'auto:simple', object: 'model' });
    const anthropic = new Anthropic({ baseURL: router.url, apiKey: 'any' });
    expect(await anthropic.models.retrieve('demo-simple')).toMatchObject({
      id: 'demo-simple',
      type: 'model',
    });
    await expect(openai.models.retrieve('nobody/knows')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });

  it('/healthz and /readyz answer, and readiness ends when draining begins', async () => {
    const own = await startRouter();
    expect((await own.get('/healthz')).status).toBe(200);
    expect((await own.get('/readyz')).status).toBe(200);
    own.router.drain();
    expect((await own.get('/readyz')).status).toBe(503);
    expect((await own.get('/healthz')).status).toBe(200);
    await own.close();
  });

  it('no log line holds a prompt or a key', async () => {
    const secret = 'sk-thisisaverysecretkey123456';
    await router.post('/v1/route', { prompt: `remember ${secret}` }, { authorization: `Bearer ${secret}` });
    expect(JSON.stringify(router.log)).not.toContain('thisisaverysecretkey');
    expect(router.log.length).toBeGreaterThan(0);
  });
});
