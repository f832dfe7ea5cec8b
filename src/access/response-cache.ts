import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/ports.ts';
import type { CachedAnswer, ResponseCache } from '../core/response-cache.ts';

export interface ResponseCacheOptions {
  readonly ttlMs: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** One answer may take this part of the whole. */
const LARGEST_SHARE = 16;

/** Bytes in memory, roughly: strings take one or two bytes a character, and texts stand there more than once. */
function sizeOf(answer: CachedAnswer): number {
  return 2 * JSON.stringify(answer).length;
}

/** A cache in the memory of this process; the answers that were not asked for longest go first. */
export function createResponseCache({
  ttlMs,
  maxEntries,
  maxBytes,
  clock,
}: ResponseCacheOptions): ResponseCache {
  const entries = new LRUCache<string, CachedAnswer>({
    max: maxEntries,
    maxSize: maxBytes,
    maxEntrySize: Math.ceil(maxBytes / LARGEST_SHARE),
    sizeCalculation: sizeOf,
    ttl: ttlMs,
    ttlResolution: 0,
    // Time 0 means to it that an entry has no age.
    perf: { now: () => clock.monotonic() + 1 },
  });
  return {
    get: (key) => entries.get(key),
    set: (key, answer) => {
      entries.set(key, answer);
    },
    delete: (key) => {
      entries.delete(key);
    },
  };
}
