import { describe, expect, it } from 'vitest';
import type { StreamFrame } from '../../src/core/chat.ts';
import { RouterError } from '../../src/core/errors.ts';
import type { Validator } from '../../src/core/ports.ts';
import type { CommitMode, ModelSpec, Plan } from '../../src/core/routing.ts';
import { createExecute, type Executed, ExecutionError, type Retry } from '../../src/routing/execute.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeProvider, eventsOf, type FakeProvider, type Move } from '../fakes/provider.ts';
import { modelOf, requestOf, threeModels } from '../fakes/requests.ts';

const down = (
  code: 'upstream_error' | 'upstream_rate_limited' | 'upstream_rejected' = 'upstream_error',
): Move => ({
  error: new RouterError(code, code, code === 'upstream_error' ? {} : { upstreamStatus: 400 }),
});

const SAYS_GOOD: Validator = {
  name: 'good',
  check: ({ content }) =>
    content.some((part) => part.type === 'text' && part.text.includes('good'))
      ? { ok: true }
      : { ok: false, reason: 'not good' },
};

function planOf(models: readonly ModelSpec[], validators: readonly string[] = []): Plan {
  return {
    candidates: models.map(({ id, provider, tier }) => ({
      model: id,
      provider,
      tier,
      estimatedCostUsd: null,
      reason: 'test',
    })),
    excluded: [],
    validators,
  };
}

/** Retries once on any failure but a refusal, without waiting. */
const ONCE_MORE: Retry = (work) =>
  work().catch((error: RouterError) => {
    if (!error.retryable) throw error;
    return work();
  });
const NEVER: Retry = (work) => work();

interface Scene {
  readonly script: Record<string, readonly Move[]>;
  readonly models?: readonly ModelSpec[];
  readonly validate?: boolean;
  readonly retry?: Retry;
  readonly stream?: boolean;
  readonly maxAttempts?: number;
  readonly deadlineMs?: number;
  readonly maxOutputTokens?: number;
  readonly maxCalls?: number;
  readonly commit?: CommitMode;
}

function stage(scene: Scene) {
  const models = scene.models ?? threeModels();
  const clock = createFakeClock();
  const provider: FakeProvider = createFakeProvider(scene.script);
  const client = new AbortController();
  const execute = createExecute({
    models,
    provider: () => provider,
    validators: (names) => (names.length > 0 ? [SAYS_GOOD] : []),
    retry: scene.retry ?? NEVER,
    clock,
    maxAttempts: scene.maxAttempts ?? 6,
    deadlineMs: scene.deadlineMs ?? 60_000,
    maxCalls: scene.maxCalls ?? 100,
    commit: scene.commit ?? 'auto',
    prefix: { characters: 10, events: 20 },
  });
  const ceiling = scene.maxOutputTokens === undefined ? {} : { maxOutputTokens: scene.maxOutputTokens };
  const plan = { ...planOf(models, scene.validate ? ['good'] : []), ...ceiling };
  const request = requestOf('hi', { stream: scene.stream ?? false });
  const run = (): Promise<Executed> => execute(plan, request, client.signal);
  return { run, clock, provider, client };
}

const trace = ({ attempts }: Pick<Executed, 'attempts'>): string[] =>
  attempts.map(({ model, status }) => `${model} ${status}`);

function textOf({ answer }: Executed): string {
  if (answer.kind !== 'response') throw new Error('not a whole answer');
  return answer.response.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

async function read({ answer }: Executed, atMost = Number.POSITIVE_INFINITY): Promise<StreamFrame[]> {
  if (answer.kind !== 'stream') throw new Error('not a stream');
  const frames: StreamFrame[] = [];
  for await (const frame of answer.stream.frames) {
    frames.push(frame);
    if (frames.length >= atMost) break;
  }
  return frames;
}

const textOfFrames = (frames: readonly StreamFrame[]): string =>
  frames
    .flatMap(({ events }) => events)
    .map((event) => (event.type === 'text' ? event.text : ''))
    .join('');

async function failure(run: Promise<Executed>): Promise<ExecutionError> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ExecutionError)) throw new Error(`expected an ExecutionError, got ${error}`);
  return error;
}

describe('walking the plan', () => {
  it('answers with the first candidate and traces what it cost', async () => {
    const { run } = stage({ script: { simple: [{ text: 'ok', dropped: ['topP'] }] } });
    const executed = await run();
    expect(textOf(executed)).toBe('ok');
    expect(executed.candidate.model).toBe('simple');
    expect(executed.attempts).toMatchObject([
      { index: 0, model: 'simple', tier: 'simple', status: 'ok', dropped: ['topP'] },
    ]);
    expect(executed.attempts[0]?.costUsd).toBeCloseTo(150e-6, 12);
  });

  it('goes on to the next model, then the next tier, when a model fails', async () => {
    const models = [modelOf('a', 'simple'), modelOf('b', 'simple'), modelOf('c', 'moderate')];
    const { run } = stage({ models, script: { a: [down()], b: [down()], c: [{ text: 'ok' }] } });
    const executed = await run();
    expect(trace(executed)).toEqual(['a failed', 'b failed', 'c ok']);
    expect(executed.candidate.tier).toBe('moderate');
  });

  it('traces each retry as an attempt of its own', async () => {
    const { run } = stage({ retry: ONCE_MORE, script: { simple: [down(), { text: 'ok' }] } });
    const executed = await run();
    expect(trace(executed)).toEqual(['simple failed', 'simple ok']);
    expect(executed.attempts.map(({ index }) => index)).toEqual([0, 1]);
  });

  it('stops at once when the request itself is refused', async () => {
    const { run, provider } = stage({ script: { simple: [down('upstream_rejected')] } });
    const error = await failure(run());
    expect(error.error.code).toBe('upstream_rejected');
    expect(provider.calls).toHaveLength(1);
  });

  it('says that all models failed, and what the last one said', async () => {
    const script = { simple: [down()], moderate: [down()], complex: [down('upstream_rate_limited')] };
    const { error, attempts } = await failure(stage({ script }).run());
    expect(error.code).toBe('overloaded');
    expect(error.message).toContain('All 3 models');
    expect(attempts).toHaveLength(3);
  });

  it('gives a single model its own error', async () => {
    const { run } = stage({ models: [modelOf('a', 'simple')], script: { a: [down()] } });
    expect((await failure(run())).error.code).toBe('upstream_error');
  });

  it('tries no more than the allowed number of models', async () => {
    const { run, provider } = stage({ maxAttempts: 2, script: { simple: [down()], moderate: [down()] } });
    await failure(run());
    expect(provider.calls.map(({ upstreamModel }) => upstreamModel)).toEqual(['simple', 'moderate']);
  });

  it('starts neither a further model nor a retry after the deadline', async () => {
    const scene = stage({ deadlineMs: 1_000, retry: ONCE_MORE, script: { simple: [down()] } });
    const retrying = scene.run();
    scene.clock.advance(1_001);
    const { attempts } = await failure(retrying);
    expect(attempts).toHaveLength(1);
    expect(scene.provider.calls).toHaveLength(1);
  });

  it('hands on the ceiling that the route sets', async () => {
    const { run, provider } = stage({ maxOutputTokens: 77, script: { simple: [{ text: 'ok' }] } });
    await run();
    expect(provider.calls[0]?.request.maxOutputTokens).toBe(77);
  });
});

describe('what a failed attempt costs', () => {
  const cases: readonly [string, RouterError, number | null][] = [
    ['a refusal', new RouterError('upstream_rate_limited', '', { upstreamStatus: 429 }), 0],
    ['a 500', new RouterError('upstream_error', '', { upstreamStatus: 500 }), 0],
    ['an open breaker', new RouterError('overloaded', ''), 0],
    ['an inexpressible request', new RouterError('unsupported', ''), 0],
    ['a broken-off answer', new RouterError('upstream_error', ''), null],
    ['an unreadable answer', new RouterError('upstream_malformed', ''), null],
    ['a timeout', new RouterError('upstream_timeout', ''), null],
  ];
  it.each(cases)('%s', async (_, error, cost) => {
    const { run } = stage({ script: { simple: [{ error }], moderate: [{ text: 'ok' }] } });
    expect((await run()).attempts[0]?.costUsd).toBe(cost);
  });

  it('is unknown for a stream that an overloaded upstream ends after its first words', async () => {
    const error = new RouterError('upstream_error', 'overloaded', { upstreamStatus: 529 });
    const events = [...eventsOf('half an answer').slice(0, 2), { type: 'error' as const, error }];
    const executed = await stage({ stream: true, script: { simple: [{ events }] } }).run();
    await read(executed);
    expect(executed.attempts).toMatchObject([{ status: 'failed', costUsd: null }]);
  });
});

describe('validators', () => {
  it('send the request one tier up, past the other models of the tier', async () => {
    const models = [modelOf('a', 'simple'), modelOf('b', 'simple'), modelOf('c', 'moderate')];
    const script = { a: [{ text: 'bad' }], c: [{ text: 'good' }] };
    const executed = await stage({ models, validate: true, script }).run();
    expect(trace(executed)).toEqual(['a rejected', 'c ok']);
    expect(executed.attempts[0]?.validator).toEqual({ name: 'good', reason: 'not good' });
    expect(executed.unvalidated).toBeUndefined();
  });

  it('reach the next tier however many models the first one has', async () => {
    const many = Array.from({ length: 9 }, (_, index) => modelOf(`s${index}`, 'simple'));
    const models = [...many, modelOf('m', 'moderate')];
    const script = { s0: [{ text: 'bad' }], m: [{ text: 'good' }] };
    const executed = await stage({ models, validate: true, maxAttempts: 3, script }).run();
    expect(trace(executed)).toEqual(['s0 rejected', 'm ok']);
  });

  it('deliver the last answer, marked, when no tier is left', async () => {
    const script = {
      simple: [{ text: 'bad' }],
      moderate: [{ text: 'bad too' }],
      complex: [{ text: 'bad still' }],
    };
    const executed = await stage({ validate: true, script }).run();
    expect([textOf(executed), executed.unvalidated]).toEqual(['bad still', 'good']);
  });

  it('deliver the rejected answer when the tiers above fail', async () => {
    const script = { simple: [{ text: 'bad' }], moderate: [down()], complex: [down()] };
    const executed = await stage({ validate: true, script }).run();
    expect([textOf(executed), executed.candidate.model, executed.unvalidated]).toEqual([
      'bad',
      'simple',
      'good',
    ]);
    expect(trace(executed)).toEqual(['simple rejected', 'moderate failed', 'complex failed']);
  });

  it('hold a stream back until it is complete and replay it', async () => {
    const script = { simple: [{ text: 'bad words' }], moderate: [{ text: 'good words here' }] };
    const executed = await stage({ validate: true, stream: true, script }).run();
    const ended = { type: 'finish', stopReason: 'stop' };
    expect(trace(executed)).toEqual(['simple rejected', 'moderate ok']);
    const frames = await read(executed);
    expect(textOfFrames(frames)).toBe('good words here');
    expect(frames.at(-1)?.events).toMatchObject([ended]);
  });
});

describe('streams', () => {
  it('are committed on the first content, and their attempt ends with them', async () => {
    const executed = await stage({ stream: true, script: { simple: [{ text: 'one two' }] } }).run();
    expect(executed.attempts).toHaveLength(0);
    expect(textOfFrames(await read(executed))).toBe('one two');
    expect(executed.attempts).toMatchObject([{ status: 'ok', usage: { outputTokens: 50 } }]);
  });

  it('fail over to the next model before the first content, and are closed', async () => {
    const error = new RouterError('upstream_error', 'gone');
    const events = [...eventsOf('').slice(0, 1), { type: 'error' as const, error }];
    const scene = stage({ stream: true, script: { simple: [{ events }], moderate: [{ text: 'ok' }] } });
    const executed = await scene.run();
    expect(textOfFrames(await read(executed))).toBe('ok');
    expect(trace(executed)).toEqual(['simple failed', 'moderate ok']);
    expect(scene.provider.returned).toBe(2);
  });

  it('never fail over after the first content', async () => {
    const error = new RouterError('upstream_error', 'gone');
    const events = [...eventsOf('half').slice(0, 2), { type: 'error' as const, error }];
    const scene = stage({ stream: true, script: { simple: [{ events }] } });
    const executed = await scene.run();
    const frames = await read(executed);
    expect(frames.at(-1)?.events).toMatchObject([{ type: 'error', error: { code: 'upstream_error' } }]);
    expect(trace(executed)).toEqual(['simple failed']);
    expect(scene.provider.calls).toHaveLength(1);
  });

  it('that end without a finish before any content fail over', async () => {
    const events = eventsOf('').slice(0, 1);
    const scene = stage({ stream: true, script: { simple: [{ events }], moderate: [{ text: 'ok' }] } });
    const executed = await scene.run();
    await read(executed);
    expect(executed.attempts).toMatchObject([
      { model: 'simple', status: 'failed', error: { code: 'upstream_error' } },
      { model: 'moderate', status: 'ok' },
    ]);
  });

  it.each([false, true])(
    'that end without a finish end in an error event (validated: %s)',
    async (validate) => {
      const events = eventsOf('a good half').slice(0, -1);
      const models = [modelOf('a', 'simple')];
      const scene = stage({ models, stream: true, validate, script: { a: [{ events }] } });
      if (validate) {
        expect((await failure(scene.run())).attempts).toMatchObject([{ error: { code: 'upstream_error' } }]);
        return;
      }
      const executed = await scene.run();
      const frames = await read(executed);
      expect(frames.at(-1)?.events).toMatchObject([{ type: 'error', error: { code: 'upstream_error' } }]);
      expect(executed.attempts).toMatchObject([{ status: 'failed', error: { code: 'upstream_error' } }]);
    },
  );

  it('given up by their reader are returned upstream and count as cancelled', async () => {
    const scene = stage({ stream: true, script: { simple: [{ text: 'one two three' }] } });
    const executed = await scene.run();
    await read(executed, 2);
    expect(scene.provider.returned).toBe(1);
    expect(executed.attempts).toMatchObject([{ status: 'cancelled', error: { code: 'client_closed' } }]);
  });

  it('know what a stream that failed while it was held back had used', async () => {
    const error = new RouterError('upstream_error', 'gone');
    const usage = {
      inputTokens: 9,
      outputTokens: 0,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
    };
    const events = [
      { type: 'start' as const, id: 'r', model: 'm', usage },
      { type: 'text' as const, text: 'half' },
      { type: 'error' as const, error },
    ];
    const script = { simple: [{ events, dropped: ['topP'] }], moderate: [{ text: 'good' }] };
    const executed = await stage({ stream: true, validate: true, script }).run();
    expect(executed.attempts[0]).toMatchObject({ status: 'failed', usage, dropped: ['topP'] });
  });
});

describe('when the client goes away', () => {
  it('nothing more is tried', async () => {
    const scene = stage({ retry: ONCE_MORE, script: { simple: [{ hang: true }] } });
    const running = scene.run();
    scene.client.abort();
    const { error, attempts } = await failure(running);
    expect(error.code).toBe('client_closed');
    expect(attempts).toMatchObject([{ model: 'simple', status: 'cancelled' }]);
  });

  it('an answer rejected before is not delivered', async () => {
    const script = { simple: [{ text: 'bad' }], moderate: [{ hang: true as const }] };
    const scene = stage({ validate: true, script });
    const running = scene.run();
    await new Promise((resolve) => setImmediate(resolve));
    scene.client.abort();
    const { error, attempts } = await failure(running);
    expect(error.code).toBe('client_closed');
    expect(attempts.map(({ status }) => status)).toEqual(['rejected', 'cancelled']);
  });
});
