import { timingSafeEqual } from 'node:crypto';
import type { ApiKey, Caller, KeyRing, KeyStore } from '../core/access.ts';
import type { Clock } from '../core/ports.ts';

export interface KeyRingDeps {
  /** Keys of the configuration. */
  readonly configured: readonly ApiKey[];
  readonly store: Pick<KeyStore, 'findByHash' | 'any'>;
  readonly clock: Pick<Clock, 'now'>;
}

function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function isLive(key: ApiKey, now: number): boolean {
  return key.revokedAt === undefined && (key.expiresAt === undefined || now < key.expiresAt);
}

function callerOf(key: ApiKey): Caller {
  const { sha256: _hash, createdAt: _created, expiresAt: _expires, revokedAt: _revoked, ...caller } = key;
  return caller;
}

/**
 * The keys of the configuration and those of the store, which is asked for every request, so that a revocation counts
 * at once, whichever process made it. Keys are compared by their hashes: how long that takes tells nothing of a key,
 * since nobody can choose a key by the beginning of its hash.
 */
export function createKeyRing({ configured, store, clock }: KeyRingDeps): KeyRing {
  let seen = configured.length > 0;
  return {
    async find(sha256) {
      const key = configured.find((own) => sameHash(own.sha256, sha256)) ?? (await store.findByHash(sha256));
      return key && isLive(key, clock.now()) ? callerOf(key) : undefined;
    },
    async any() {
      seen ||= await store.any();
      return seen;
    },
  };
}
