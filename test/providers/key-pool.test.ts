import { describe, expect, it } from 'vitest';
import { type ErrorCode, RouterError } from '../../src/core/errors.ts';
import { createKeyPool } from '../../src/providers/key-pool.ts';
import { createFakeClock } from '../fakes/clock.ts';

const COOLDOWN_MS = 10_000;

function stage(...keys: string[]) {
  const clock = createFakeClock();
  return { clock, pool: createKeyPool({ provider: 'acme', keys, cooldownMs: COOLDOWN_MS, clock }) };
}

function refusal(code: ErrorCode, upstreamStatus: number, retryAfterSeconds?: number): RouterError {
  return new RouterError(code, 'no', {
    upstreamStatus,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}
const limited = (retryAfterSeconds?: number): RouterError =>
  refusal('upstream_rate_limited', 429, retryAfterSeconds);

describe('a pool of keys', () => {
  it('gives them in turn', () => {
    const { pool } = stage('a', 'b', 'c');
    expect([1, 2, 3, 4].map(() => pool.take('m').key)).toEqual(['a', 'b', 'c', 'a']);
  });

  it('keeps a conversation with its key, whose account has its prompt in the cache, until the key rests', () => {
    const { pool } = stage('a', 'b', 'c');
    const take = (id: string, continues: boolean) => pool.take('m', () => ({ id, continues }));
    expect(take('one', false).key).toBe('a');
    expect(take('two', false).key).toBe('b');
    const last = take('one', true);
    expect([last.key, take('two', true).key, take('one', true).key]).toEqual(['a', 'b', 'a']);
    expect(take('one', false).key).toBe('b');
    last.failed(limited());
    expect(take('two', true).key).toBe('b');
    expect(take('never seen', true).key).toBe('c');
  });

  it('rests a limited key for as long as the upstream says, and offers the next at once', () => {
    const { pool, clock } = stage('a', 'b');
    expect(pool.take('m').failed(limited(3))).toMatchObject({ retryNow: true, retryAfterSeconds: 3 });
    expect([1, 2].map(() => pool.take('m').key)).toEqual(['b', 'b']);
    clock.advance(3_000);
    expect([1, 2].map(() => pool.take('m').key)).toEqual(['a', 'b']);
  });

  it('rests it for the configured time where the upstream says nothing', () => {
    const { pool, clock } = stage('a', 'b');
    pool.take('m').failed(limited());
    clock.advance(COOLDOWN_MS - 1);
    expect([1, 2].map(() => pool.take('m').key)).toEqual(['b', 'b']);
    clock.advance(1);
    expect([1, 2].map(() => pool.take('m').key)).toContain('a');
  });

  it.each([
    { name: 'a limit', error: limited(), other: 'a' },
    { name: 'a missing permission', error: refusal('upstream_auth', 403), other: 'a' },
    { name: 'a wrong key', error: refusal('upstream_auth', 401), other: 'b' },
    { name: 'an unpaid bill', error: refusal('upstream_auth', 402), other: 'b' },
  ])('$name concerns the model or the whole key', ({ error, other }) => {
    const { pool } = stage('a', 'b');
    pool.take('m').failed(error);
    pool.take('m');
    expect(pool.take('another').key).toBe(other);
  });

  it('refuses at once where every key rests, and says when the first is back', () => {
    const { pool } = stage('a', 'b');
    pool.take('m').failed(limited(30));
    expect(pool.take('m').failed(limited(5)).retryNow).toBe(false);
    expect(() => pool.take('m')).toThrow(
      expect.objectContaining({ code: 'overloaded', retryAfterSeconds: 5, unsent: true }),
    );
    expect(pool.take('another').key).toBeDefined();
  });

  it('lets other failures pass as they are', () => {
    const { pool } = stage('a', 'b');
    const error = refusal('upstream_error', 500);
    expect(pool.take('m').failed(error)).toBe(error);
    expect([1, 2].map(() => pool.take('m').key)).toEqual(['b', 'a']);
  });

  it('of one key always gives it: there is no other to spare it for', () => {
    const { pool } = stage('a');
    const error = limited(30);
    expect(pool.take('m').failed(error)).toBe(error);
    expect(pool.take('m').key).toBe('a');
  });

  it('of no key gives none', () => {
    expect(stage().pool.take('m').key).toBeUndefined();
    expect(stage().pool.callable()).toBe(true);
  });

  it('shows which keys rest, by their place, and never a key', () => {
    const { pool, clock } = stage('secret-a', 'secret-b');
    pool.take('m').failed(limited(3));
    pool.take('m').failed(refusal('upstream_auth', 401));
    expect(pool.health()).toEqual([
      { key: 1, cooling: [{ model: 'm', until: clock.now() + 3_000, code: 'upstream_rate_limited' }] },
      { key: 2, cooling: [{ until: clock.now() + COOLDOWN_MS, code: 'upstream_auth' }] },
    ]);
    expect(JSON.stringify(pool.health())).not.toContain('secret');
  });

  it('can be called until all its keys rest for every model', () => {
    const { pool } = stage('a', 'b');
    pool.take('m').failed(refusal('upstream_auth', 401));
    expect(pool.callable()).toBe(true);
    pool.take('m').failed(refusal('upstream_auth', 401));
    expect(pool.callable()).toBe(false);
  });
});
