import { mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OpenClassifier } from '../../src/compose-classifiers.ts';
import type { ConfigInput } from '../../src/config/schema.ts';
import { classificationOf, createFakeClassifier } from '../fakes/classifier.ts';
import { startRouter, type TestRouter } from './harness.ts';

const ids = ['one', 'two', 'three', 'four', 'five', 'six'];

let models: string;
let router: TestRouter;
const closed: string[] = [];

function pointTo(id: string): void {
  writeFileSync(join(models, 'next'), `${id}\n`);
  renameSync(join(models, 'next'), join(models, 'current'));
}

/** Bundles named `broken` cannot be opened; every other one is a fake that takes a turn of the event loop. */
const open: OpenClassifier = async (path) => {
  const id = readFileSync(join(path, 'current'), 'utf8').trim();
  if (id === 'broken') throw new Error('its model.onnx is cut short');
  const fake = createFakeClassifier(() => classificationOf('simple', 0.9), { id });
  let open = true;
  return {
    ...fake,
    classify: async (inputs) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (!open) throw new Error('asked after it was closed');
      return fake.classify(inputs);
    },
    close: async () => {
      open = false;
      closed.push(id);
    },
  };
};

async function start(classifier = {}, admin = {}, more: ConfigInput = {}, env = {}): Promise<void> {
  const config = { classifier: { bundle: models, ...classifier }, admin, builtin_catalog: false, ...more };
  router = await startRouter(config, env, { openClassifier: open });
}

beforeEach(() => {
  closed.length = 0;
  models = mkdtempSync(join(tmpdir(), 'models-'));
  mkdirSync(join(models, 'one'));
  pointTo('one');
});
afterEach(() => router.close());

const reload = (headers = {}): Promise<Response> => router.post('/v1/admin/reload', {}, headers);

describe('POST /v1/admin/reload', () => {
  it('swaps five times under 1,000 requests in flight: none fails, each names the bundle that decided it', async () => {
    await start({ watch: false });
    const asked = Array.from({ length: 1_000 }, async (_, turn) => {
      const body = { model: 'auto', messages: [{ role: 'user', content: `request ${turn}` }] };
      const answer = await router.post('/v1/chat/completions', body);
      await answer.arrayBuffer();
      return {
        status: answer.status,
        source: answer.headers.get('x-router-source'),
        classifier: answer.headers.get('x-router-classifier') ?? '',
        id: answer.headers.get('x-router-decision-id') ?? '',
      };
    });
    for (const [turn, id] of ids.slice(1).entries()) {
      await Promise.all(asked.slice(turn * 150, turn * 150 + 60));
      pointTo(id);
      expect(await (await reload()).json()).toEqual({ status: 'loaded', serving: id, previous: ids[turn] });
    }
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ source }) => source))).toEqual(new Set(['local']));
    const used = new Set(answers.map(({ classifier }) => classifier));
    expect(used.size).toBeGreaterThan(1);
    expect(ids).toEqual(expect.arrayContaining([...used]));
    for (const { id, classifier } of answers) {
      expect((await router.router.store.getDecision(id))?.decision.classifier).toBe(classifier);
    }
    expect(closed).toEqual(ids.slice(0, -1));
  });

  it('keeps the old bundle where the new one is broken, and says why', async () => {
    await start({ watch: false });
    pointTo('broken');
    const answer = await reload();
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      status: 'failed',
      serving: 'one',
      reason: 'its model.onnx is cut short',
    });
    const routed = await router.post('/v1/route', { prompt: 'hello' });
    expect(routed.headers.get('x-router-classifier')).toBe('one');
    expect(closed).toEqual([]);
  });

  it('mends a server that began without a bundle', async () => {
    pointTo('broken');
    await start({ watch: false });
    const before = await router.post('/v1/route', { prompt: 'hello' });
    expect(before.headers.get('x-router-classifier')).toBe('rules');
    pointTo('two');
    expect((await reload()).status).toBe(200);
    const after = await router.post('/v1/route', { prompt: 'hello' });
    expect(after.headers.get('x-router-classifier')).toBe('two');
  });

  it('answers nobody who is not on the machine, unless the configuration says so and the key is the operator’s', async () => {
    const keys = [
      { name: 'ops', key_env: 'OPS_KEY', scopes: ['admin' as const] },
      { name: 'app', key_env: 'APP_KEY' },
    ];
    const env = { OPS_KEY: 'an-operators-key-of-some-length', APP_KEY: 'an-applications-key-of-some-length' };
    const forwarded = { 'x-forwarded-for': '203.0.113.9' };
    const ops = { ...forwarded, 'x-api-key': env.OPS_KEY };
    await start();
    expect((await reload(forwarded)).status).toBe(401);
    await router.close();
    await start({}, {}, { access: { keys } }, env);
    const refused = await reload(ops);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: 'forbidden' } });
    await router.close();
    await start({}, { remote: true }, { access: { keys } }, env);
    expect((await reload({ ...forwarded, 'x-api-key': env.APP_KEY })).status).toBe(403);
    expect((await reload(ops)).status).toBe(200);
  });
});

describe('the pointer', () => {
  it('is watched', async () => {
    await start();
    pointTo('two');
    await vi.waitFor(
      async () => {
        const routed = await router.post('/v1/route', { prompt: 'hello' });
        expect(routed.headers.get('x-router-classifier')).toBe('two');
      },
      { timeout: 15_000, interval: 200 },
    );
  });
});
