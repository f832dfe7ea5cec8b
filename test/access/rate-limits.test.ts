import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFailureLimit } from '../../src/access/failure-limit.ts';
import { createRateLimits } from '../../src/access/rate-limits.ts';
import type { LimitStates } from '../../src/core/access.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const quiet = (): void => {};
const limited = { code: 'rate_limited' };

describe('a minute', () => {
  it('begins with the first request and gives everything back at its end', async () => {
    const limits = createRateLimits({ requestsPerMinute: 2 });
    const caller = { key: 'a' };
    await limits.admit(caller, quiet);
    vi.advanceTimersByTime(40_000);
    await limits.admit(caller, quiet);
    await expect(limits.admit(caller, quiet)).rejects.toMatchObject({ ...limited, retryAfterSeconds: 20 });
    vi.advanceTimersByTime(20_000);
    await expect(limits.admit(caller, quiet)).resolves.toBeDefined();
  });

  it('is not lengthened by requests that are refused', async () => {
    const limits = createRateLimits({ requestsPerMinute: 1 });
    await limits.admit({ key: 'a' }, quiet);
    for (let tried = 0; tried < 100; tried++) {
      await expect(limits.admit({ key: 'a' }, quiet)).rejects.toMatchObject(limited);
    }
    vi.advanceTimersByTime(60_000);
    await expect(limits.admit({ key: 'a' }, quiet)).resolves.toBeDefined();
  });

  it('gives nothing back to the next one: what was reserved in the last is over', async () => {
    const limits = createRateLimits({ tokensPerMinute: 100 });
    const admission = await limits.admit({ key: 'a' }, quiet);
    await admission.reserve(90);
    vi.advanceTimersByTime(61_000);
    await admission.settle(10);
    const next = await limits.admit({ key: 'a' }, quiet);
    await next.reserve(1);
    expect(next.states().tokens?.remaining).toBe(99);
  });
});

describe('an admission', () => {
  it('tells the states whenever they change, before it refuses', async () => {
    const told: LimitStates[] = [];
    const limits = createRateLimits({ requestsPerMinute: 5, tokensPerMinute: 50 });
    const admission = await limits.admit({ key: 'a' }, (states) => told.push(states));
    await expect(admission.reserve(51)).rejects.toMatchObject(limited);
    expect(told).toMatchObject([
      { requests: { limit: 5, remaining: 4 }, tokens: { limit: 50, remaining: 50 } },
      { requests: { limit: 5, remaining: 4 }, tokens: { limit: 50, remaining: 50 } },
    ]);
  });

  it('counts the first settlement only, and leaves once', async () => {
    const limits = createRateLimits({ tokensPerMinute: 100, concurrent: 1 });
    const admission = await limits.admit({ key: 'a' }, quiet);
    await admission.reserve(10);
    await admission.settle(30);
    await admission.settle(99);
    admission.leave();
    admission.leave();
    const second = await limits.admit({ key: 'a' }, quiet);
    await expect(limits.admit({ key: 'a' }, quiet)).rejects.toMatchObject({
      ...limited,
      retryAfterSeconds: 1,
    });
    await second.reserve(0);
    expect(second.states().tokens?.remaining).toBe(70);
  });

  it('is not in flight where it was refused', async () => {
    const limits = createRateLimits({ requestsPerMinute: 1, concurrent: 2 });
    await limits.admit({ key: 'a' }, quiet);
    for (let tried = 0; tried < 3; tried++) {
      await expect(limits.admit({ key: 'a' }, quiet)).rejects.toThrow(/requests a minute are used up/);
    }
  });

  it('takes the limits of the key before the defaults, and one place for all without a key', async () => {
    const limits = createRateLimits({ requestsPerMinute: 1 });
    const own = { key: 'a', limits: { requestsPerMinute: 3 } };
    for (let count = 0; count < 3; count++) await limits.admit(own, quiet);
    await expect(limits.admit(own, quiet)).rejects.toMatchObject(limited);
    await limits.admit(undefined, quiet);
    await expect(limits.admit(undefined, quiet)).rejects.toMatchObject(limited);
  });
});

describe('wrong keys', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9', '203.0.113.10'],
    ['2001:db8:1:2:3::1', '2001:db8:1:2:ffff::9', '2001:db8:1:3::1'],
    ['::ffff:203.0.113.9', '::ffff:203.0.113.9', '::ffff:203.0.113.10'],
  ])('of %s count with those of %s and not of %s', async (one, same, other) => {
    const { count } = createFailureLimit(1);
    expect(await count(one)).toBeUndefined();
    expect(await count(same)).toBe(60);
    expect(await count(other)).toBeUndefined();
    vi.advanceTimersByTime(60_000);
    expect(await count(one)).toBeUndefined();
  });
});
