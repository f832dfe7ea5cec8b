import { describe, expect, it } from 'vitest';
import { createKeyAdmin, hashKey } from '../../src/access/api-key.ts';
import { createKeyRing } from '../../src/access/key-ring.ts';
import type { ApiKey, KeyStore } from '../../src/core/access.ts';
import { keyOf } from '../contracts/keys.ts';
import { createFakeClock } from '../fakes/clock.ts';

function storeOf(...kept: ApiKey[]): KeyStore {
  return {
    create: async (key) => {
      kept.push(key);
    },
    findByHash: async (sha256) => kept.find((key) => key.sha256 === sha256),
    list: async () => kept,
    revoke: async () => undefined,
    any: async () => kept.length > 0,
  };
}

describe('a key ring', () => {
  it('knows keys of the configuration and of the store, without their hash and life', async () => {
    const clock = createFakeClock();
    const ring = createKeyRing({ configured: [keyOf('a')], store: storeOf(keyOf('b')), clock });
    expect(await ring.find(keyOf('a').sha256)).toEqual({
      key: 'a'.repeat(16),
      name: 'key a',
      scopes: ['chat'],
    });
    expect(await ring.find(keyOf('b').sha256)).toMatchObject({ name: 'key b' });
    expect(await ring.find(keyOf('c').sha256)).toBeUndefined();
  });

  it('refuses an expired key from the millisecond on, and a revoked one', async () => {
    const clock = createFakeClock();
    const expiring = keyOf('a', { expiresAt: clock.now() + 10 });
    const revoked = keyOf('b', { revokedAt: 1 });
    const ring = createKeyRing({ configured: [expiring], store: storeOf(revoked), clock });
    expect(await ring.find(expiring.sha256)).toBeDefined();
    clock.advance(10);
    expect(await ring.find(expiring.sha256)).toBeUndefined();
    expect(await ring.find(revoked.sha256)).toBeUndefined();
    expect(await ring.any()).toBe(true);
  });
});

describe('a drawn key', () => {
  it('has 256 bits behind a prefix, is found by its hash, and is another each time', async () => {
    const store = storeOf();
    const admin = createKeyAdmin(store, createFakeClock());
    const [one, two] = [
      await admin.create({ name: 'a', scopes: ['chat'] }),
      await admin.create({ name: 'a', scopes: ['chat'] }),
    ];
    expect(one.secret).toMatch(/^rt_[\w-]{43}$/);
    expect(one.secret).not.toBe(two.secret);
    expect(one.key.sha256).toBe(hashKey(one.secret));
    expect(one.key.key).toBe(one.key.sha256.slice(0, 16));
    expect(JSON.stringify(await admin.list())).not.toContain(one.secret);
  });
});
