import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StreamFrame } from '../../src/core/chat.ts';
import { RouterError } from '../../src/core/errors.ts';
import type { ModelSpec, Outcome } from '../../src/core/routing.ts';
import type { Store } from '../../src/core/store.ts';
import { createDecide } from '../../src/routing/decide.ts';
import { createExecute } from '../../src/routing/execution/execute.ts';
import { createHandle, type Handled } from '../../src/routing/handle.ts';
import { createCounterfactual } from '../../src/routing/money/counterfactual.ts';
import { createLedgerEntries } from '../../src/routing/money/ledger-entries.ts';
import type { StaticRoute } from '../../src/routing/policy/static-route.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { classificationOf, createFakeClassifier } from '../fakes/classifier.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeJudge } from '../fakes/judge.ts';
import { createFakeLogger } from '../fakes/logger.ts';
import { createFakeProvider, eventsOf, type Move, USAGE } from '../fakes/provider.ts';
import { contextOf, modelOf, requestOf, threeModels } from '../fakes/requests.ts';

let store: Store;
beforeEach(async () => {
  store = await openSqliteStore(':memory:');
});
afterEach(() => store.close());

const EVERYTHING: StaticRoute = { name: 'all', match: { path: '/*' }, tier: 'simple', validators: ['good'] };

interface Scene {
  readonly script: Record<string, readonly Move[]>;
  readonly models?: readonly ModelSpec[];
  readonly routes?: readonly StaticRoute[];
  readonly store?: Store;
  readonly judgeCostUsd?: number | null;
}

function stage(scene: Scene) {
  const models = scene.models ?? threeModels();
  const clock = createFakeClock();
  const logger = createFakeLogger();
  const provider = createFakeProvider(scene.script);
  const { judgeCostUsd } = scene;
  const doubt = judgeCostUsd !== undefined;
  let ids = 0;
  const classifier = createFakeClassifier(() => classificationOf('simple', doubt ? 0.1 : 0.9));
  const decide = createDecide({
    classifier: () => classifier,
    fallbackClassifier: createFakeClassifier(() => classificationOf('moderate', 0.9), { id: 'rules' }),
    judge: createFakeJudge(
      doubt ? { status: 'answered', tier: 'simple', model: 'j', costUsd: judgeCostUsd } : {},
    ),
    models,
    routes: scene.routes ?? [],
    expectedOutputTokens: 400,
    clock,
    newId: () => `dec_${++ids}`,
    logger,
  });
  const execute = createExecute({
    models,
    provider: () => provider,
    validators: (names) =>
      names.map((name) => ({
        name,
        check: ({ content }) =>
          JSON.stringify(content).includes('good') ? { ok: true } : { ok: false, reason: 'not good' },
      })),
    retry: (work) => work(),
    clock,
    maxAttempts: 6,
    deadlineMs: 60_000,
    maxCalls: 100,
    commit: 'auto',
    prefix: { characters: 10, events: 20 },
  });
  const keepText = (text: string): string => text.replace('secret', '[secret]');
  const handle = createHandle({
    decide,
    execute,
    store: scene.store ?? store,
    counterfactual: createCounterfactual(models),
    ledger: createLedgerEntries(models, 0.001),
    clock,
    logger,
    keepText,
  });
  return { handle, clock, logger, provider };
}

async function drain({ result }: Handled, atMost = Number.POSITIVE_INFINITY): Promise<StreamFrame[]> {
  if (result.kind !== 'stream') throw new Error(`expected a stream, got ${result.kind}`);
  const frames: StreamFrame[] = [];
  for await (const frame of result.frames) {
    frames.push(frame);
    if (frames.length >= atMost) break;
  }
  return frames;
}

async function outcomeOf(handled: Handled): Promise<Outcome | undefined> {
  return (await store.getDecision(handled.decision.id))?.outcome;
}

const down: Move = { error: new RouterError('upstream_error', 'down', { upstreamStatus: 500 }) };
const STREAM = requestOf('hi', { stream: true });

describe('a whole answer', () => {
  it('is recorded with its decision, its cost and its baseline', async () => {
    const scene = stage({ script: { simple: [{ text: 'ok' }] } });
    const handled = await scene.handle(requestOf('my secret'), contextOf());
    const stored = await store.getDecision('dec_1');
    expect(handled).toMatchObject({ candidate: { model: 'simple' }, result: { kind: 'response' } });
    expect(stored?.decision.text).toBe('my [secret]');
    expect(stored?.outcome).toMatchObject({
      status: 'ok',
      tier: 'simple',
      model: 'simple',
      escalated: false,
    });
    expect(stored?.outcome?.costUsd).toBeCloseTo(150e-6, 12);
    expect(stored?.outcome?.baselineCostUsd).toBeCloseTo(150e-4, 12);
    expect(handled.decision.text).not.toContain('my secret');
  });

  it('counts the judge, and is of unknown cost where the judge is', async () => {
    const script = { simple: [{ text: 'ok' }] };
    const known = await stage({ script, judgeCostUsd: 0.001 }).handle(requestOf('a'), contextOf());
    expect((await outcomeOf(known))?.costUsd).toBeCloseTo(0.00115, 12);
    await store.close();
    store = await openSqliteStore(':memory:');
    const unknown = await stage({ script, judgeCostUsd: null }).handle(requestOf('a'), contextOf());
    expect((await outcomeOf(unknown))?.costUsd).toBeNull();
  });

  it('of unknown price or usage has an unknown cost, never zero', async () => {
    const { price: _, ...unpriced } = modelOf('simple', 'simple');
    const noPrice = await stage({ models: [unpriced], script: { simple: [{ text: 'ok' }] } }).handle(
      requestOf('a'),
      contextOf(),
    );
    expect(await outcomeOf(noPrice)).toMatchObject({ costUsd: null, status: 'ok' });
    await store.close();
    store = await openSqliteStore(':memory:');
    const noUsage = await stage({ script: { simple: [{ text: 'ok', usage: null }] } }).handle(
      requestOf('a'),
      contextOf(),
    );
    expect(await outcomeOf(noUsage)).toMatchObject({ costUsd: null, baselineCostUsd: null });
  });

  it('names the model that gave it, even where later attempts failed', async () => {
    const script = { simple: [{ text: 'bad' }], moderate: [down], complex: [down] };
    const handled = await stage({ script, routes: [EVERYTHING] }).handle(requestOf('a'), contextOf());
    expect(handled).toMatchObject({ candidate: { model: 'simple' }, result: { unvalidated: 'good' } });
    const outcome = await outcomeOf(handled);
    expect(outcome).toMatchObject({ status: 'ok', tier: 'simple', model: 'simple', escalated: true });
    expect(outcome?.baselineCostUsd).toBeCloseTo(150e-4, 12);
  });

  it('is compared with the model of the complex tier that could have served it', async () => {
    const blind = modelOf('blind', 'complex', {
      capabilities: { tools: true, vision: false, json: true, streaming: true },
      price: { input: 1, output: 1, asOf: '2026-01-01' },
    });
    const seeing = modelOf('seeing', 'complex', { price: { input: 50, output: 50, asOf: '2026-01-01' } });
    const models = [modelOf('simple', 'simple'), blind, seeing];
    const image = { type: 'image' as const, url: 'https://example.com/a.png' };
    const request = requestOf('look', { messages: [{ role: 'user', content: [image] }] });
    const handled = await stage({ models, script: { simple: [{ text: 'ok' }] } }).handle(
      request,
      contextOf(),
    );
    expect((await outcomeOf(handled))?.baselineCostUsd).toBeCloseTo(150 * 50e-6, 12);
  });

  it('is delivered even where its outcome cannot be recorded, which is logged', async () => {
    const broken: Store = { ...store, recordOutcome: () => Promise.reject(new Error('disk full')) };
    const scene = stage({ script: { simple: [{ text: 'ok' }] }, store: broken });
    const handled = await scene.handle(requestOf('a'), contextOf());
    expect(handled.result.kind).toBe('response');
    expect(scene.logger.entries.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('is never asked for where the decision cannot be recorded', async () => {
    const broken: Store = { ...store, recordDecision: () => Promise.reject(new Error('disk full')) };
    const scene = stage({ script: { simple: [{ text: 'ok' }] }, store: broken });
    await expect(scene.handle(requestOf('a'), contextOf())).rejects.toThrow('disk full');
    expect(scene.provider.calls).toHaveLength(0);
  });
});

describe('a failure', () => {
  it('is a result, recorded with every attempt', async () => {
    const scene = stage({ script: { simple: [down], moderate: [down], complex: [down] } });
    const handled = await scene.handle(requestOf('a'), contextOf());
    expect(handled.result).toMatchObject({ kind: 'error', error: { code: 'overloaded' } });
    const outcome = await outcomeOf(handled);
    expect(outcome).toMatchObject({ status: 'failed', errorCode: 'overloaded', costUsd: 0 });
    expect(outcome?.attempts).toHaveLength(3);
    expect(outcome?.model).toBeUndefined();
  });

  it('of the decision is thrown and leaves no record', async () => {
    const scene = stage({ script: {} });
    await expect(scene.handle(requestOf('a', { model: 'gpt-9' }), contextOf())).rejects.toMatchObject({
      code: 'unknown_model',
    });
    expect(await store.getDecision('dec_1')).toBeUndefined();
  });

  it('of a client that left is recorded as cancelled', async () => {
    const client = new AbortController();
    const scene = stage({ script: { simple: [{ hang: true }] } });
    const handling = scene.handle(requestOf('a'), contextOf({ signal: client.signal }));
    setImmediate(() => client.abort());
    const handled = await handling;
    expect(handled.result).toMatchObject({ kind: 'error', error: { code: 'client_closed' } });
    expect(await outcomeOf(handled)).toMatchObject({ status: 'cancelled', errorCode: 'client_closed' });
  });

  it('never logs the prompt', async () => {
    const scene = stage({ script: { simple: [down], moderate: [down], complex: [down] } });
    await scene.handle(requestOf('a very private question'), contextOf());
    expect(JSON.stringify(scene.logger.entries)).not.toContain('private');
    expect(scene.logger.entries).toMatchObject([{ level: 'warn', fields: { decision: 'dec_1' } }]);
  });
});

describe('a stream', () => {
  it('has its decision recorded before, and its outcome after', async () => {
    const scene = stage({ script: { simple: [{ text: 'one two' }] } });
    const handled = await scene.handle(STREAM, contextOf());
    expect(await store.getDecision('dec_1')).toBeDefined();
    expect(await outcomeOf(handled)).toBeUndefined();
    scene.clock.advance(250);
    await drain(handled);
    expect(await outcomeOf(handled)).toMatchObject({ status: 'ok', model: 'simple', latencyMs: 250 });
  });

  it('that breaks after its first bytes is recorded as failed', async () => {
    const error = new RouterError('upstream_error', 'gone');
    const events = [...eventsOf('half').slice(0, 2), { type: 'error' as const, error }];
    const handled = await stage({ script: { simple: [{ events }] } }).handle(STREAM, contextOf());
    await drain(handled);
    const outcome = await outcomeOf(handled);
    expect(outcome).toMatchObject({ status: 'failed', errorCode: 'upstream_error', costUsd: null });
    expect(outcome?.model).toBeUndefined();
  });

  it('that its client gives up is recorded as cancelled', async () => {
    const scene = stage({ script: { simple: [{ text: 'one two three' }] } });
    const handled = await scene.handle(STREAM, contextOf());
    await drain(handled, 2);
    expect(await outcomeOf(handled)).toMatchObject({ status: 'cancelled', errorCode: 'client_closed' });
    expect(scene.provider.returned).toBe(1);
  });

  it('that failed its validator at every tier is delivered and counted as answered by the last', async () => {
    const script = { simple: [{ text: 'bad' }], moderate: [{ text: 'bad' }], complex: [down] };
    const handled = await stage({ script, routes: [EVERYTHING] }).handle(STREAM, contextOf());
    await drain(handled);
    expect(await outcomeOf(handled)).toMatchObject({ status: 'ok', tier: 'moderate', model: 'moderate' });
  });

  it('ends properly even where its outcome cannot be recorded', async () => {
    const broken: Store = { ...store, recordOutcome: () => Promise.reject(new Error('disk full')) };
    const scene = stage({ script: { simple: [{ text: 'ok' }] }, store: broken });
    const frames = await drain(await scene.handle(STREAM, contextOf()));
    expect(frames.at(-1)?.events).toMatchObject([{ type: 'finish', usage: USAGE }]);
    expect(scene.logger.entries.some(({ level }) => level === 'error')).toBe(true);
  });
});
