import type { Clock } from '../core/ports.ts';

/** A bounded memory: what was not used for longest goes first, and nothing is older than its time to live. */
export interface Lru<V> {
  /** Counts as use. */
  get(key: string): V | undefined;
  /** Begins the value's time to live anew. */
  set(key: string, value: V): void;
  readonly size: number;
}

export interface LruOptions {
  readonly entries: number;
  /** Milliseconds; absent: until it is pushed out. */
  readonly ttlMs?: number;
  readonly clock: Pick<Clock, 'now'>;
}

export function createLru<V>({ entries, ttlMs = Number.POSITIVE_INFINITY, clock }: LruOptions): Lru<V> {
  const kept = new Map<string, { readonly value: V; readonly at: number }>();
  return {
    get(key) {
      const found = kept.get(key);
      if (!found) return undefined;
      kept.delete(key);
      if (clock.now() - found.at > ttlMs) return undefined;
      kept.set(key, found);
      return found.value;
    },
    set(key, value) {
      kept.delete(key);
      kept.set(key, { value, at: clock.now() });
      const [oldest] = kept.keys();
      if (kept.size > entries && oldest !== undefined) kept.delete(oldest);
    },
    get size() {
      return kept.size;
    },
  };
}
