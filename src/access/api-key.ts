/** Making and reading API keys. */
import { createHash, randomBytes } from 'node:crypto';
import { type CreatedKey, type KeyAdmin, type KeyStore, labelOf, type NewApiKey } from '../core/access.ts';
import type { Clock } from '../core/ports.ts';

/** By which people, and scanners for leaked secrets, recognise a key of this router. */
const PREFIX = 'rt_';
const BYTES = 32;

/**
 * The hash a key is known by. A fast one, because a key is 256 bits of chance: nobody can try them all, however fast
 * a try is. Slow hashes (bcrypt, scrypt) make up for passwords that people can remember, and would cost every request
 * the time they are meant to cost an attacker.
 */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Draws a key of 256 bits. */
function drawKey(wanted: NewApiKey, createdAt: number): CreatedKey {
  const secret = PREFIX + randomBytes(BYTES).toString('base64url');
  const sha256 = hashKey(secret);
  return { secret, key: { ...wanted, createdAt, key: labelOf(sha256), sha256 } };
}

/** Creates, lists and revokes the keys of a store. */
export function createKeyAdmin(store: KeyStore, clock: Pick<Clock, 'now'>): KeyAdmin {
  return {
    async create(wanted) {
      const created = drawKey(wanted, clock.now());
      await store.create(created.key);
      return created;
    },
    list: () => store.list(),
    revoke: (label) => store.revoke(label, clock.now()),
  };
}
