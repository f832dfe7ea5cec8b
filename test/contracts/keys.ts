/** What core/access.ts promises of every KeyStore. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiKey, KeyStore } from '../../src/core/access.ts';

export function keyOf(digit: string, over: Partial<ApiKey> = {}): ApiKey {
  const sha256 = digit.repeat(64);
  return {
    key: sha256.slice(0, 16),
    sha256,
    name: `key ${digit}`,
    scopes: ['chat'],
    createdAt: 1_000,
    ...over,
  };
}

/** Runs the contract. `open` gives an empty store. */
export function keyStoreContract(
  name: string,
  open: () => Promise<{ readonly keys: KeyStore; readonly close: () => Promise<void> }>,
): void {
  describe(name, () => {
    let keys: KeyStore;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ keys, close } = await open());
    });
    afterEach(() => close());

    it('finds a key by its hash with all its rights', async () => {
      const whole = keyOf('a', {
        team: 'search',
        scopes: ['chat', 'read'],
        models: ['m'],
        tiers: ['simple', 'moderate'],
        limits: { requestsPerMinute: 5, tokensPerMinute: 1_000, concurrent: 2 },
        budget: { dayUsd: 0.5, monthUsd: 10 },
        expiresAt: 9_000,
      });
      await keys.create(whole);
      await keys.create(keyOf('b'));
      expect(await keys.findByHash(whole.sha256)).toEqual(whole);
      expect(await keys.findByHash(keyOf('b').sha256)).toEqual(keyOf('b'));
      expect(await keys.findByHash('c'.repeat(64))).toBeUndefined();
      expect(await keys.findByHash(whole.key)).toBeUndefined();
    });

    it('lists them, oldest first', async () => {
      await keys.create(keyOf('a', { createdAt: 3 }));
      await keys.create(keyOf('b', { createdAt: 1 }));
      await keys.create(keyOf('c', { createdAt: 2 }));
      expect((await keys.list()).map((key) => key.name)).toEqual(['key b', 'key c', 'key a']);
    });

    it('refuses a hash and a label that are there', async () => {
      await keys.create(keyOf('a', { name: 'first' }));
      const sameLabel = keyOf('a', { sha256: `${'a'.repeat(63)}b` });
      for (const again of [keyOf('a', { name: 'second' }), sameLabel]) {
        await expect(keys.create(again)).rejects.toMatchObject({ code: 'invalid_request' });
      }
      expect((await keys.list()).map((key) => key.name)).toEqual(['first']);
    });

    it('revokes once: a second time changes nothing', async () => {
      const key = keyOf('a');
      await keys.create(key);
      await keys.create(keyOf('b'));
      expect(await keys.revoke(key.key, 5)).toEqual({ ...key, revokedAt: 5 });
      expect(await keys.revoke(key.key, 7)).toEqual({ ...key, revokedAt: 5 });
      expect(await keys.findByHash(key.sha256)).toEqual({ ...key, revokedAt: 5 });
      expect(await keys.findByHash(keyOf('b').sha256)).toEqual(keyOf('b'));
      expect(await keys.revoke('0'.repeat(16), 5)).toBeUndefined();
    });

    it('knows whether there ever was one', async () => {
      expect(await keys.any()).toBe(false);
      await keys.create(keyOf('a'));
      await keys.revoke(keyOf('a').key, 5);
      expect(await keys.any()).toBe(true);
    });
  });
}
