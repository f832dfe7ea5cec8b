/** Whether the router can serve, as `/readyz` says it. */
import type { ProviderHealth } from './core/health.ts';
import type { Store } from './core/store.ts';
import type { HttpDeps } from './http/deps.ts';

export interface Readiness {
  readonly notReady: HttpDeps['notReady'];
  /** From now on it says no. */
  drain(): void;
}

/** What keeps every upstream from being called; undefined where one can be, or where none is needed. */
function noneCallable(health: readonly ProviderHealth[]): string | undefined {
  if (health.length === 0 || health.some(({ callable }) => callable)) return undefined;
  return `none can be called: ${health.map(({ provider }) => provider).join(', ')}`;
}

/** Not ready: a store that fails, upstreams of which none can be called, or a server that drains. */
export function composeReadiness(
  store: Pick<Store, 'ping'>,
  health: () => readonly ProviderHealth[],
): Readiness {
  let draining = false;
  return {
    async notReady() {
      const failure = await store.ping().then(
        () => undefined,
        () => 'cannot be read and written',
      );
      const unreachable = noneCallable(health());
      return {
        ...(failure ? { store: failure } : {}),
        ...(unreachable ? { providers: unreachable } : {}),
        ...(draining ? { server: 'draining' } : {}),
      };
    },
    drain: () => {
      draining = true;
    },
  };
}
