import { describe, expect, it } from 'vitest';
import type { StreamFrame } from '../../../src/core/chat.ts';
import { RouterError, type RouterErrorDetails } from '../../../src/core/errors.ts';
import type { Validator } from '../../../src/core/ports.ts';
import type { CommitMode, ModelSpec, Plan } from '../../../src/core/routing.ts';
import {
  createExecute,
  type Executed,
  ExecutionError,
  type Retry,
} from '../../../src/routing/execution/execute.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createFakeProvider, eventsOf, type FakeProvider, type Move } from '../../fakes/provider.ts';
import { modelOf, requestOf, threeModels } from '../../fakes/requests.ts';

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
  /** Of the plan; `validate` is short for one that wants the word good. */
  readonly validators?: readonly Validator[];
}

function stage(scene: Scene) {
  const models = scene.models ?? threeModels();
  const clock = createFakeClock();
  const provider: FakeProvider = createFakeProvider(scene.script);
  const client = new AbortController();
  const execute = createExecute({
    models,
    provider: () => provider,
    validators: (names) => (names.length > 0 ? (scene.validators ?? [SAYS_GOOD]) : []),
    retry: scene.retry ?? NEVER,
    clock,
    maxAttempts: scene.maxAttempts ?? 6,
    deadlineMs: scene.deadlineMs ?? 60_000,
    maxCalls: scene.maxCalls ?? 100,
    commit: scene.commit ?? 'auto',
    prefix: { characters: 10, events: 20 },
  });
  const ceiling = scene.maxOutputTokens === undefined ? {} : { maxOutputTokens: scene.maxOutputTokens };
  const validated = scene.validate === true || scene.validators !== undefined;
  const plan = { ...planOf(models, validated ? ['good'] : []), ...ceiling };
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

  it('waits for a model that let a timeout pass once more only where no other can be tried', async () => {
    const slow: Move = { error: new RouterError('upstream_timeout', 'slow') };
    const next = { simple: [slow], moderate: [{ text: 'ok' }] };
    const executed = await stage({ retry: ONCE_MORE, script: next }).run();
    expect(trace(executed)).toEqual(['simple failed', 'moderate ok']);
    const models = [modelOf('a', 'simple')];
    const alone = stage({ models, retry: ONCE_MORE, script: { a: [slow, { text: 'ok' }] } });
    expect(trace(await alone.run())).toEqual(['a failed', 'a ok']);
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

  it('do not take what a stream says at its start for what it has used when it fails', async () => {
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
    expect(executed.attempts[0]).toMatchObject({ status: 'failed', costUsd: null, dropped: ['topP'] });
    expect(executed.attempts[0]).not.toHaveProperty('usage');
  });
});

const refusal = (details: Partial<RouterErrorDetails> = {}): Move => ({
  error: new RouterError('upstream_rejected', 'no', { upstreamStatus: 400, ...details }),
});
const tooLong: Move = { error: new RouterError('context_too_long', 'too long', { upstreamStatus: 400 }) };

describe('refusals', () => {
  it('of what the model cannot do go on to the next model', async () => {
    const script = { simple: [refusal({ modelSpecific: true })], moderate: [{ text: 'ok' }] };
    expect(trace(await stage({ script }).run())).toEqual(['simple failed', 'moderate ok']);
  });

  it('that every model makes are told as the first made them', async () => {
    const unlike = { error: new RouterError('unsupported', 'cannot') };
    const script = { simple: [refusal({ modelSpecific: true })], moderate: [unlike], complex: [tooLong] };
    const { error } = await failure(stage({ script }).run());
    expect([error.code, error.message]).toEqual(['upstream_rejected', 'no']);
  });

  it('among other failures leave it to later', async () => {
    const script = { simple: [tooLong], moderate: [down()], complex: [tooLong] };
    const models = threeModels().map((model, rank) => ({ ...model, contextWindow: 1_000 * (rank + 1) }));
    const { error } = await failure(stage({ models, script }).run());
    expect([error.code, error.retryAfterSeconds]).toEqual(['overloaded', 2]);
  });

  it('of a prompt that is too long go on to a larger window only', async () => {
    const window = (id: string, contextWindow: number): ModelSpec => modelOf(id, 'simple', { contextWindow });
    const models = [window('a', 1_000), window('b', 500), window('c', 1_000), window('d', 2_000)];
    const script = { a: [tooLong], d: [{ text: 'ok' }] };
    expect(trace(await stage({ models, script }).run())).toEqual(['a failed', 'd ok']);
    const { error, attempts } = await failure(
      stage({ models, script: { a: [tooLong], d: [tooLong] } }).run(),
    );
    expect([error.code, attempts.length]).toEqual(['context_too_long', 2]);
  });
});

describe('the budget of a request', () => {
  it('counts every upstream call, retries among them', async () => {
    const script = { simple: [down()], moderate: [down()], complex: [{ text: 'late' }] };
    const scene = stage({ maxCalls: 3, retry: ONCE_MORE, script });
    const { attempts } = await failure(scene.run());
    expect(attempts.map(({ model }) => model)).toEqual(['simple', 'simple', 'moderate']);
    expect(scene.provider.calls).toHaveLength(3);
  });

  it('is not touched by a provider that rests, however many models it serves', async () => {
    const resting: Move = { error: new RouterError('overloaded', 'resting', { unsent: true }) };
    const many = Array.from({ length: 9 }, (_, index) => modelOf(`s${index}`, 'simple'));
    const script = { ...Object.fromEntries(many.map(({ id }) => [id, [resting]])), m: [{ text: 'ok' }] };
    const models = [...many, modelOf('m', 'moderate')];
    const executed = await stage({ models, maxAttempts: 2, maxCalls: 2, script }).run();
    expect(executed.candidate.model).toBe('m');
  });

  it('tells the soonest time at which an upstream may answer', async () => {
    const wait = (retryAfterSeconds: number): Move => ({
      error: new RouterError('upstream_rate_limited', 'slow', { retryAfterSeconds }),
    });
    const script = { simple: [wait(30)], moderate: [wait(7)], complex: [down()] };
    expect((await failure(stage({ script }).run())).error.retryAfterSeconds).toBe(7);
  });

  it('ends an attempt under way at the deadline, which is no fault of the client', async () => {
    const scene = stage({ deadlineMs: 20, script: { simple: [{ hang: true }] } });
    const { error, attempts } = await failure(scene.run());
    expect(error.code).toBe('upstream_timeout');
    expect(attempts).toMatchObject([{ status: 'failed', error: { code: 'upstream_timeout' } }]);
  });

  it('does not end a stream that is committed', async () => {
    const events = [...eventsOf('one two')];
    const slow = [
      ...events.slice(0, 2),
      () => new Promise<void>((go) => setTimeout(go, 40)),
      ...events.slice(2),
    ];
    const scene = stage({ stream: true, deadlineMs: 20, script: { simple: [{ events: slow }] } });
    expect(textOfFrames(await read(await scene.run()))).toBe('one two');
  });
});

/** Fails an answer as soon as it begins with the word bad; the whole of it must say good. */
const BEGINS_WELL: Validator = {
  ...SAYS_GOOD,
  prefix: ({ content }) =>
    content.some((part) => part.type === 'text' && part.text.startsWith('bad'))
      ? { ok: false, reason: 'begins badly' }
      : { ok: true },
};

describe('the prefix of a stream', () => {
  const base = { stream: true, commit: 'prefix', validators: [BEGINS_WELL] } as const;

  it('that passes is sent on before the rest is there', async () => {
    let reached = false;
    const [start, ...rest] = eventsOf('fine words and many more of them good');
    const reach = (): void => {
      reached = true;
    };
    const events = [start, ...rest.slice(0, 3), reach, ...rest.slice(3)].flatMap((event) => event ?? []);
    const executed = await stage({ ...base, script: { simple: [{ events }] } }).run();
    expect(reached).toBe(false);
    expect(textOfFrames(await read(executed))).toBe('fine words and many more of them good');
    expect(trace(executed)).toEqual(['simple ok']);
  });

  it('that fails sends the request one tier up, and gives the stream up', async () => {
    const script = {
      simple: [{ text: 'bad from the very start' }],
      moderate: [{ text: 'good all along it is' }],
    };
    const scene = stage({ ...base, script });
    const executed = await scene.run();
    expect(textOfFrames(await read(executed))).toBe('good all along it is');
    expect(executed.attempts).toMatchObject([
      { model: 'simple', status: 'rejected', validator: { name: 'good', reason: 'begins badly' } },
      { model: 'moderate', status: 'ok' },
    ]);
    expect(scene.provider.returned).toBe(2);
  });

  it('is judged by no more than the bounds say', async () => {
    const judged: string[] = [];
    const watching: Validator = {
      ...SAYS_GOOD,
      prefix: (response) => {
        judged.push(response.content.map((part) => (part.type === 'text' ? part.text : '')).join(''));
        return { ok: true };
      },
    };
    const script = { simple: [{ text: 'twelve chars and a good deal more' }] };
    await read(await stage({ ...base, validators: [watching], script }).run());
    expect(judged).toEqual(['twelve chars ']);
  });

  it('breaks off unseen: the next model answers', async () => {
    const error = new RouterError('upstream_error', 'gone');
    const events = [...eventsOf('one two').slice(0, 3), { type: 'error' as const, error }];
    const script = { simple: [{ events }], moderate: [{ text: 'good' }] };
    const executed = await stage({ ...base, script }).run();
    expect(textOfFrames(await read(executed))).toBe('good');
  });

  it('of a short answer is the whole of it, which all validators judge', async () => {
    const script = { simple: [{ text: 'short' }], moderate: [{ text: 'good' }] };
    const executed = await stage({ ...base, script }).run();
    expect(trace(executed)).toEqual(['simple rejected', 'moderate ok']);
  });

  it('that passes leaves the whole answer to be labelled', async () => {
    const script = { simple: [{ text: 'nothing of the kind that was wanted' }] };
    const executed = await stage({ ...base, script }).run();
    const frames = await read(executed);
    expect(frames.at(-1)).toMatchObject({ raw: '', events: [], last: true });
    expect(executed.attempts).toMatchObject([{ status: 'rejected', validator: { reason: 'not good' } }]);
    expect(executed.unvalidated).toBeUndefined();
  });

  it('that fails at the last tier is sent on, marked', async () => {
    const models = [modelOf('a', 'complex')];
    const executed = await stage({
      ...base,
      models,
      script: { a: [{ text: 'bad but all there is' }] },
    }).run();
    expect(executed.unvalidated).toBe('good');
    expect(textOfFrames(await read(executed))).toBe('bad but all there is');
    expect(executed.attempts).toMatchObject([{ status: 'rejected', validator: { reason: 'begins badly' } }]);
  });

  it('that fails is asked for once more where the tiers above fail', async () => {
    const script = { simple: [{ text: 'bad but all there is' }], moderate: [down()], complex: [down()] };
    const executed = await stage({ ...base, script }).run();
    expect(textOfFrames(await read(executed))).toBe('bad but all there is');
    expect([executed.candidate.model, executed.unvalidated]).toEqual(['simple', 'good']);
    expect(executed.attempts.map(({ model }) => model)).toEqual(['simple', 'moderate', 'complex', 'simple']);
  });
});

describe('a stream that is committed directly', () => {
  it('is labelled by its validators once it has ended', async () => {
    const script = { simple: [{ text: 'not what was wanted' }] };
    const executed = await stage({ stream: true, commit: 'direct', validate: true, script }).run();
    expect(executed.attempts).toHaveLength(0);
    expect(textOfFrames(await read(executed))).toBe('not what was wanted');
    expect(executed.attempts).toMatchObject([{ status: 'rejected', validator: { name: 'good' } }]);
  });

  it('keeps its last frame back for no label', async () => {
    let judge = (): void => {};
    const slow: Validator = {
      name: 'slow',
      check: () => new Promise((said) => (judge = () => said({ ok: false, reason: 'late' }))),
    };
    const script = { simple: [{ text: 'one two' }] };
    const executed = await stage({ stream: true, commit: 'direct', validators: [slow], script }).run();
    if (executed.answer.kind !== 'stream') throw new Error('not a stream');
    const frames = executed.answer.stream.frames[Symbol.asyncIterator]();
    let last: StreamFrame | undefined;
    while (!last?.last) last = (await frames.next()).value;
    expect(executed.attempts).toHaveLength(0);
    const over = frames.next();
    judge();
    expect((await over).done).toBe(true);
    expect(executed.attempts).toMatchObject([{ status: 'rejected', validator: { reason: 'late' } }]);
  });

  it('that breaks off is not labelled', async () => {
    const error = new RouterError('upstream_error', 'gone');
    const events = [...eventsOf('half').slice(0, 2), { type: 'error' as const, error }];
    const executed = await stage({
      stream: true,
      commit: 'direct',
      validate: true,
      script: { simple: [{ events }] },
    }).run();
    await read(executed);
    expect(executed.attempts).toMatchObject([{ status: 'failed', error: { code: 'upstream_error' } }]);
    expect(executed.attempts[0]?.validator).toBeUndefined();
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
