import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import type { Tier } from '../../src/core/tier.ts';
import { classificationOf, createFakeClassifier } from '../fakes/classifier.ts';
import { startRouter, type TestRouter } from './harness.ts';

/** Of what follows a request, on a busy machine. */
const PATIENCE = { timeout: 15_000 };

/** What each bundle says of everything; `broken` cannot be opened, `failing` fails after its trial. */
const SAYS: Readonly<Record<string, Tier>> = { models: 'simple', bold: 'moderate', failing: 'simple' };

let router: TestRouter;
afterEach(() => router.close());

async function start(classifier: ConfigInput['classifier']): Promise<void> {
  const models = join(mkdtempSync(join(tmpdir(), 'bundles-')), 'models');
  for (const id of ['bold', 'broken', 'failing']) mkdirSync(join(models, id), { recursive: true });
  const config = { builtin_catalog: false, classifier: { bundle: models, watch: false, ...classifier } };
  const open = async (path: string) => {
    const id = basename(path);
    const tier = SAYS[id];
    if (tier === undefined) throw new Error('its model.onnx is cut short');
    let tried = false;
    return createFakeClassifier(
      () => {
        if (id === 'failing' && tried) throw new Error('tensor is broken');
        tried = true;
        return classificationOf(tier, 0.9);
      },
      { id },
    );
  };
  router = await startRouter(config, {}, { openClassifier: open });
}

interface Routed {
  readonly id: string;
  readonly classifier: string | null;
}

async function route(session?: string): Promise<Routed> {
  const headers = session === undefined ? {} : { 'x-router-session': session };
  const answer = await router.post('/v1/route', { prompt: 'hello' }, headers);
  expect(answer.status).toBe(200);
  await answer.arrayBuffer();
  const id = answer.headers.get('x-router-decision-id') ?? '';
  return { id, classifier: answer.headers.get('x-router-classifier') };
}

// biome-ignore lint/suspicious/noExplicitAny: bodies are checked field by field
const body = async (path: string): Promise<any> => (await router.get(path)).json();

it('a shadow is asked beside, its answer is kept, and the stats say how often it agrees', async () => {
  await start({ shadow: 'bold' });
  const { id, classifier } = await route();
  expect(classifier).toBe('models');
  const answer = { classifier: 'bold', tier: 'moderate', confidence: 0.9 };
  await vi.waitFor(async () => {
    expect((await body(`/v1/decisions/${id}`)).decision).toMatchObject({ tier: 'simple', shadow: answer });
  }, PATIENCE);
  const { by_classifier: by, lineup } = await body('/v1/stats');
  expect(by.models).toMatchObject({
    requests: 1,
    shadow_agreement: { bold: { count: 0, of: 1, rate: 0 } },
  });
  expect(lineup).toEqual({ serving: 'models', shadow: { id: 'bold', on: true, skipped: 0 } });
});

it('a shadow that fails, or cannot be loaded, touches no request', async () => {
  await start({ shadow: 'failing' });
  const { classifier, id } = await route();
  expect(classifier).toBe('models');
  await vi.waitFor(
    () => expect(router.log.some(({ message }) => message.includes('shadow'))).toBe(true),
    PATIENCE,
  );
  expect((await body(`/v1/decisions/${id}`)).decision.shadow).toBeUndefined();
  await router.close();
  await start({ shadow: 'broken' });
  expect((await route()).classifier).toBe('models');
  expect((await body('/readyz')).notes).toEqual({ shadow: 'the bundle broken is not loaded' });
});

it('a canary decides for a stable share of the sessions, live and dry, and the stats compare', async () => {
  await start({ canary: { id: 'bold', share: 0.5 } });
  const sessions = Array.from({ length: 40 }, (_, at) => `session-${at}`);
  const first = await Promise.all(sessions.map(route));
  const second = await Promise.all(sessions.map(route));
  expect(second.map((routed) => routed.classifier)).toEqual(first.map((routed) => routed.classifier));
  const bold = sessions.filter((_, at) => first[at]?.classifier === 'bold');
  expect(bold.length).toBeGreaterThan(5);
  expect(bold.length).toBeLessThan(35);
  const dry = await router.post('/v1/classify', { prompt: 'hello' }, { 'x-router-session': bold[0] ?? '' });
  expect(await dry.json()).toMatchObject({ tier: 'moderate' });
  for (const [at, rating] of (['up', 'down', 'down'] as const).entries()) {
    const routed = first.filter(({ classifier }) => classifier === 'bold')[at];
    await router.post('/v1/feedback', { decision_id: routed?.id, rating });
  }
  const { by_classifier: by } = await body('/v1/stats');
  expect(by.bold.requests + by.models.requests).toBe(80);
  expect(by.bold).toMatchObject({
    requests: 2 * bold.length,
    tiers: { moderate: { rate: 1 }, simple: { rate: 0 } },
    escalations: { count: 0, of: 2 * bold.length },
    thumbs_down: { count: 2, of: 3 },
  });
  expect(by.bold.thumbs_down.low).toBeCloseTo(0.2077, 3);
  expect((await body('/readyz')).notes).toBeUndefined();
});

it('a request without a session is drawn by its decision', async () => {
  await start({ canary: { id: 'bold', share: 0.5 } });
  const routed = await Promise.all(Array.from({ length: 40 }, () => route()));
  expect(new Set(routed.map(({ classifier }) => classifier))).toEqual(new Set(['bold', 'models']));
});

it('a canary beyond its limit is switched off: in the log, the stats and the readiness', async () => {
  await start({ canary: { id: 'bold', share: 1, max_down_rate: 0.2, min_requests: 5, check_every_s: 1 } });
  for (let turn = 0; turn < 5; turn++) {
    const { id, classifier } = await route();
    expect(classifier).toBe('bold');
    await router.post('/v1/feedback', { decision_id: id, rating: 'down' });
  }
  await vi.waitFor(async () => expect((await route()).classifier).toBe('models'), {
    timeout: 20_000,
    interval: 100,
  });
  const reason = '5 thumbs down of 5: at least 56.6 %, the limit is 20.0 %';
  expect((await body('/v1/stats')).lineup.canary).toEqual({ id: 'bold', share: 1, on: false, reason });
  const ready = await router.get('/readyz');
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({ notes: { canary: `bold is switched off: ${reason}` } });
  expect(router.log.filter(({ message }) => message.includes('CANARY IS SWITCHED OFF'))).toHaveLength(1);
});
