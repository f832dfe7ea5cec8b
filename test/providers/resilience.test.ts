import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ErrorCode, RouterError } from '../../src/core/errors.ts';
import type { ProviderCall } from '../../src/core/ports.ts';
import { withBreaker } from '../../src/providers/breaker.ts';
import { withBulkhead } from '../../src/providers/bulkhead.ts';
import { createRetry } from '../../src/providers/retry.ts';
import { createFakeProvider, eventsOf, type Move } from '../fakes/provider.ts';
import { requestOf } from '../fakes/requests.ts';

const fail = (code: ErrorCode, details = {}): RouterError => new RouterError(code, code, details);
const nobody = (): AbortSignal => new AbortController().signal;
const callOf = (signal = nobody()): ProviderCall => ({
  request: requestOf('hi'),
  upstreamModel: 'm',
  signal,
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Runs work that fails with each error in turn and then succeeds; tells when each try began. */
function retrying(retries: number, errors: readonly Error[], random = 1, signal = nobody()) {
  const began: number[] = [];
  const start = Date.now();
  const work = async (): Promise<string> => {
    const error = errors[began.length];
    began.push(Date.now() - start);
    if (error) throw error;
    return 'ok';
  };
  const result = createRetry(retries, () => random)(work, signal).catch((error: unknown) => error);
  return { result, began };
}

describe('the retry', () => {
  const PASSING: ErrorCode[] = [
    'upstream_error',
    'upstream_timeout',
    'upstream_malformed',
    'upstream_rate_limited',
  ];
  it.each(PASSING)('tries again after %s', async (code) => {
    const { result, began } = retrying(1, [fail(code)]);
    await vi.runAllTimersAsync();
    expect(await result).toBe('ok');
    expect(began).toHaveLength(2);
  });

  const FINAL: ErrorCode[] = [
    'upstream_auth',
    'upstream_rejected',
    'context_too_long',
    'unsupported',
    'overloaded',
    'client_closed',
    'internal',
  ];
  it.each(FINAL)('does not try again after %s', async (code) => {
    const { result, began } = retrying(3, [fail(code)]);
    await vi.runAllTimersAsync();
    expect(await result).toMatchObject({ code });
    expect(began).toHaveLength(1);
  });

  it('waits as long as Retry-After asks', async () => {
    const { result, began } = retrying(1, [fail('upstream_rate_limited', { retryAfterSeconds: 1.5 })], 0);
    await vi.runAllTimersAsync();
    expect([await result, began]).toEqual(['ok', [0, 1_500]]);
  });

  it('leaves an upstream that asks for a longer wait to the next candidate', async () => {
    const { result, began } = retrying(1, [fail('upstream_rate_limited', { retryAfterSeconds: 3 })]);
    await vi.runAllTimersAsync();
    expect(await result).toMatchObject({ code: 'upstream_rate_limited', retryAfterSeconds: 3 });
    expect(began).toHaveLength(1);
  });

  it('else waits exponentially, with full jitter', async () => {
    const errors = [fail('upstream_error'), fail('upstream_error'), fail('upstream_error')];
    const longest = retrying(3, errors, 1);
    await vi.runAllTimersAsync();
    expect(longest.began).toEqual([0, 100, 300, 700]);
    const shortest = retrying(3, errors, 0);
    await vi.runAllTimersAsync();
    expect(shortest.began).toEqual([0, 0, 0, 0]);
  });

  it('gives up with the last error', async () => {
    const errors = [fail('upstream_error'), fail('upstream_timeout')];
    const { result, began } = retrying(1, errors);
    await vi.runAllTimersAsync();
    expect(await result).toMatchObject({ code: 'upstream_timeout' });
    expect(began).toHaveLength(2);
  });

  it.each([0, 1])('tries each further key at once, whatever the number of retries (%i)', async (retries) => {
    const next = (code: ErrorCode): RouterError => fail(code, { retryNow: true, retryAfterSeconds: 60 });
    const errors = [next('upstream_rate_limited'), next('upstream_auth'), next('upstream_auth')];
    const { result, began } = retrying(retries, errors);
    await vi.runAllTimersAsync();
    expect([await result, began]).toEqual(['ok', [0, 0, 0, 0]]);
  });

  it('ends its wait with what the signal was aborted with', async () => {
    const deadline = new AbortController();
    const { result } = retrying(
      1,
      [fail('upstream_rate_limited', { retryAfterSeconds: 2 })],
      1,
      deadline.signal,
    );
    await vi.advanceTimersByTimeAsync(500);
    deadline.abort(fail('upstream_timeout'));
    expect(await result).toMatchObject({ code: 'upstream_timeout' });
  });

  it('of zero runs the work once', async () => {
    const { result, began } = retrying(0, [fail('upstream_error')]);
    expect(await result).toMatchObject({ code: 'upstream_error' });
    expect(began).toHaveLength(1);
  });

  it('ends its wait when the client goes away, and tries no more', async () => {
    const client = new AbortController();
    const error = fail('upstream_rate_limited', { retryAfterSeconds: 2 });
    const { result, began } = retrying(1, [error], 1, client.signal);
    await vi.advanceTimersByTimeAsync(500);
    client.abort();
    expect(await result).toMatchObject({ code: 'client_closed' });
    await vi.runAllTimersAsync();
    expect(began).toHaveLength(1);
  });
});

describe('the breaker', () => {
  const options = { failures: 2, cooldownMs: 10_000, now: () => Date.now() };
  const stage = (moves: readonly Move[]) => {
    const provider = createFakeProvider({ m: moves }, 'acme');
    const guarded = withBreaker(provider, options);
    const call = (): Promise<unknown> => guarded.complete(callOf()).catch((error: unknown) => error);
    return { provider, guarded, call };
  };
  const down: Move = { error: fail('upstream_error') };

  it('opens after failures in a row and then fails at once', async () => {
    const { provider, call } = stage([down]);
    await call();
    await call();
    expect(await call()).toMatchObject({
      code: 'overloaded',
      retryAfterSeconds: 10,
      unsent: true,
      message: expect.stringContaining('acme'),
    });
    expect(provider.calls).toHaveLength(2);
  });

  it('lets one call through after its rest, and closes when it succeeds', async () => {
    const { provider, call } = stage([down, down, { text: 'ok' }]);
    await call();
    await call();
    vi.advanceTimersByTime(10_001);
    expect(await call()).toMatchObject({ response: { id: 'r' } });
    expect(await call()).toMatchObject({ response: { id: 'r' } });
    expect(provider.calls).toHaveLength(4);
  });

  it('sends nobody else while that call is under way', async () => {
    const { provider, call, guarded } = stage([down, down, { hang: true }, { text: 'ok' }]);
    await call();
    await call();
    vi.advanceTimersByTime(10_001);
    const client = new AbortController();
    const probe = guarded.complete(callOf(client.signal)).catch((error: RouterError) => error.code);
    expect(await call()).toMatchObject({ code: 'overloaded' });
    client.abort();
    expect(await probe).toBe('client_closed');
    expect(provider.calls).toHaveLength(3);
  });

  it('rests again when that call fails', async () => {
    const { provider, call } = stage([down]);
    await call();
    await call();
    vi.advanceTimersByTime(10_001);
    expect(await call()).toMatchObject({ code: 'upstream_error' });
    expect(await call()).toMatchObject({ code: 'overloaded' });
    expect(provider.calls).toHaveLength(3);
  });

  it('counts failures in a row only', async () => {
    const { call } = stage([down, { text: 'ok' }, down, { text: 'ok' }]);
    await call();
    await call();
    await call();
    expect(await call()).toMatchObject({ response: { id: 'r' } });
  });

  const HEALTHY: ErrorCode[] = [
    'upstream_rejected',
    'upstream_rate_limited',
    'upstream_auth',
    'client_closed',
  ];
  it.each(HEALTHY)('does not count %s', async (code) => {
    const { call } = stage([{ error: fail(code) }]);
    for (let turn = 0; turn < 4; turn++) expect(await call()).toMatchObject({ code });
  });

  const streamOf = async (guarded: ReturnType<typeof stage>['guarded'], read = Number.POSITIVE_INFINITY) => {
    const { frames } = await guarded.stream(callOf());
    let left = read;
    for await (const _ of frames) if (--left <= 0) break;
  };
  const cut: Move = {
    events: [...eventsOf('one two').slice(0, 2), { type: 'error', error: fail('upstream_error') }],
  };

  it('opens on streams that break off after they began', async () => {
    const { provider, guarded, call } = stage([cut]);
    await streamOf(guarded);
    await streamOf(guarded);
    expect(await call()).toMatchObject({ code: 'overloaded' });
    expect(provider.calls).toHaveLength(2);
  });

  it('holds a stream that its reader gave up against nobody', async () => {
    const { guarded } = stage([cut, { text: 'one two three' }, cut, { text: 'one two three' }]);
    await streamOf(guarded);
    await streamOf(guarded, 1);
    expect(guarded.health().state).toBe('closed');
    await streamOf(guarded);
    expect(guarded.health().state).toBe('open');
  });

  it('closes with the first content of the stream that tries', async () => {
    const { guarded } = stage([down, down, { text: 'one two three' }]);
    await guarded.complete(callOf()).catch(() => {});
    await guarded.complete(callOf()).catch(() => {});
    vi.advanceTimersByTime(10_001);
    const frames = (await guarded.stream(callOf())).frames[Symbol.asyncIterator]();
    await frames.next();
    expect(guarded.health().state).toBe('half_open');
    await frames.next();
    await vi.advanceTimersByTimeAsync(0);
    expect(guarded.health().state).toBe('closed');
  });

  it('shows its state, since when, and the last error', async () => {
    const { guarded, call } = stage([down]);
    const start = Date.now();
    expect(guarded.health()).toEqual({ state: 'closed', since: start });
    vi.advanceTimersByTime(1_000);
    await call();
    await call();
    const at = start + 1_000;
    const lastError = { code: 'upstream_error', at };
    expect(guarded.health()).toEqual({ state: 'open', since: at, retryAt: at + 10_000, lastError });
    vi.advanceTimersByTime(4_500);
    expect(await call()).toMatchObject({ code: 'overloaded', retryAfterSeconds: 6 });
    vi.advanceTimersByTime(6_000);
    expect(guarded.health()).toEqual({ state: 'half_open', since: at, lastError });
  });

  it('guards streams with the same count', async () => {
    const { guarded, call } = stage([down]);
    await call();
    await guarded.stream(callOf()).catch(() => {});
    expect(await call()).toMatchObject({ code: 'overloaded' });
  });
});

describe('the bulkhead', () => {
  beforeEach(() => vi.useRealTimers());
  const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('lets only so many calls through at once, the others in their order', async () => {
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let running = 0;
    let most = 0;
    const limited = withBulkhead(
      {
        ...createFakeProvider({ m: [{ text: 'ok' }] }),
        complete: async () => {
          running += 1;
          most = Math.max(most, running);
          await gate;
          running -= 1;
          throw fail('upstream_error');
        },
      },
      { concurrent: 2, queued: 10 },
    );
    const calls = [1, 2, 3, 4, 5].map(() =>
      limited.complete(callOf()).catch((error: RouterError) => error.code),
    );
    await tick();
    expect(running).toBe(2);
    open();
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['upstream_error']));
    expect(most).toBe(2);
  });

  it('lets a waiting caller go at once when it gives up', async () => {
    const provider = createFakeProvider({ m: [{ hang: true }, { text: 'ok' }] });
    const limited = withBulkhead(provider, { concurrent: 1, queued: 10 });
    const holder = new AbortController();
    const first = limited.complete(callOf(holder.signal)).catch((error: RouterError) => error.code);
    const client = new AbortController();
    const waiting = limited.complete(callOf(client.signal)).catch((error: unknown) => error);
    await tick();
    client.abort();
    expect(await waiting).toMatchObject({ code: 'client_closed' });
    expect(provider.calls).toHaveLength(1);
    holder.abort();
    expect(await first).toBe('client_closed');
    expect(await limited.complete(callOf())).toMatchObject({ response: { id: 'r' } });
    expect(provider.calls).toHaveLength(2);
  });

  it('goes on with the next in line after one that gave up', async () => {
    const provider = createFakeProvider({ m: [{ hang: true }, { text: 'ok' }] });
    const limited = withBulkhead(provider, { concurrent: 1, queued: 10 });
    const holder = new AbortController();
    const client = new AbortController();
    const first = limited.complete(callOf(holder.signal)).catch(() => {});
    const second = limited.complete(callOf(client.signal)).catch(() => {});
    const third = limited.complete(callOf());
    client.abort();
    await second;
    holder.abort();
    await first;
    expect(await third).toMatchObject({ response: { id: 'r' } });
  });

  it('refuses at once where the line is full, and sends nothing', async () => {
    const provider = createFakeProvider({ m: [{ hang: true }] });
    const limited = withBulkhead(provider, { concurrent: 1, queued: 1 });
    const client = new AbortController();
    const held = [1, 2].map(() => limited.complete(callOf(client.signal)).catch(() => {}));
    await tick();
    expect(limited.load()).toEqual({ inFlight: 1, queued: 1 });
    await expect(limited.complete(callOf())).rejects.toMatchObject({
      code: 'overloaded',
      retryAfterSeconds: 1,
      unsent: true,
    });
    client.abort();
    await Promise.all(held);
    await tick();
    expect(limited.load()).toEqual({ inFlight: 0, queued: 0 });
  });

  it('keeps no place in the line for a caller that went away', async () => {
    const provider = createFakeProvider({ m: [{ hang: true }] });
    const limited = withBulkhead(provider, { concurrent: 1, queued: 1 });
    const [holder, client, next] = [new AbortController(), new AbortController(), new AbortController()];
    const all = [holder, client].map(({ signal }) => limited.complete(callOf(signal)).catch(() => {}));
    await tick();
    client.abort();
    await all[1];
    all.push(limited.complete(callOf(next.signal)).catch(() => {}));
    await tick();
    expect(limited.load()).toEqual({ inFlight: 1, queued: 1 });
    next.abort();
    holder.abort();
    await Promise.all(all);
  });

  it('counts a stream until it is over', async () => {
    const limited = withBulkhead(createFakeProvider({ m: [{ text: 'one two' }] }), {
      concurrent: 1,
      queued: 1,
    });
    const frames = (await limited.stream(callOf())).frames[Symbol.asyncIterator]();
    await frames.next();
    const second = limited.stream(callOf());
    await tick();
    expect(limited.load()).toEqual({ inFlight: 1, queued: 1 });
    await frames.return?.();
    await (await second).frames[Symbol.asyncIterator]().return?.();
  });

  it('frees the place of a stream whose caller went away without reading it', async () => {
    const limited = withBulkhead(createFakeProvider({ m: [{ text: 'one two' }] }), {
      concurrent: 1,
      queued: 1,
    });
    const client = new AbortController();
    await limited.stream(callOf(client.signal));
    expect(limited.load().inFlight).toBe(1);
    client.abort();
    await tick();
    expect(limited.load().inFlight).toBe(0);
  });

  it('takes no call that is aborted already', async () => {
    const provider = createFakeProvider({ m: [{ text: 'ok' }] });
    await expect(
      withBulkhead(provider, { concurrent: 1, queued: 10 }).complete(callOf(AbortSignal.abort())),
    ).rejects.toMatchObject({
      code: 'client_closed',
    });
    expect(provider.calls).toHaveLength(0);
  });
});
