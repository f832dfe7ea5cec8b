import { randomUUID } from 'node:crypto';
import { createResponseCache } from './access/response-cache.ts';
import type { Config } from './config/load.ts';
import type { Clock, Logger } from './core/ports.ts';
import type { Store } from './core/store.ts';
import { createDialects } from './dialects/index.ts';
import { withCache } from './routing/cache/with-cache.ts';
import type { Handle } from './routing/handle.ts';
import type { LedgerEntries } from './routing/money/ledger-entries.ts';

export interface CacheParts {
  readonly store: Pick<Store, 'getDecision' | 'recordDecision' | 'recordOutcome'>;
  readonly ledger: Pick<LedgerEntries, 'ofOutcome'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The response cache around the use case; nothing where it is not enabled. */
export function composeCache(config: Config, parts: CacheParts): (handle: Handle) => Handle {
  const { enabled, ttl_s, max_entries: maxEntries, max_mb, only_temperature_zero } = config.cache;
  if (!enabled) return (handle) => handle;
  const routeHeaders = config.routes.flatMap(({ match }) => Object.keys(match.headers ?? {}));
  const deps = {
    ...parts,
    cache: createResponseCache({
      ttlMs: ttl_s * 1_000,
      maxEntries,
      maxBytes: Math.ceil(max_mb * 1024 * 1024),
      clock: parts.clock,
    }),
    dialects: createDialects(),
    newId: () => `dec_${randomUUID()}`,
    onlyTemperatureZero: only_temperature_zero,
    routeHeaders: new Set(routeHeaders.map((name) => name.toLowerCase())),
  };
  return (handle) => withCache(handle, deps);
}
