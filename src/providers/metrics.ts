/** The health of the upstreams for Prometheus, read as it is scraped. */
import { Gauge, type Registry } from 'prom-client';
import { BREAKER_STATES, type ProviderHealth } from '../core/health.ts';

const PREFIX = 'llm_router_provider_';

/** Adds the gauges of every provider that `read` gives. */
export function registerProviderMetrics(registry: Registry, read: () => readonly ProviderHealth[]): void {
  const registers = [registry];
  const add = (
    name: string,
    help: string,
    labelNames: readonly string[],
    set: (gauge: Gauge, health: ProviderHealth) => void,
  ): void => {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      labelNames: ['provider', ...labelNames],
      registers,
      collect() {
        this.reset();
        for (const health of read()) set(this, health);
      },
    });
  };
  add('callable', '1 where a call would reach the provider or wait in line for it.', [], (gauge, health) =>
    gauge.set({ provider: health.provider }, health.callable ? 1 : 0),
  );
  add('breaker_state', '1 for the state that the circuit breaker is in.', ['state'], (gauge, health) => {
    for (const state of BREAKER_STATES)
      gauge.set({ provider: health.provider, state }, health.breaker.state === state ? 1 : 0);
  });
  add('breaker_since_seconds', 'Unix time of the breaker’s last change of state.', [], (gauge, health) =>
    gauge.set({ provider: health.provider }, health.breaker.since / 1_000),
  );
  add(
    'last_error_seconds',
    'Unix time of the latest failure that counted for the breaker.',
    ['code'],
    (gauge, { provider, breaker: { lastError } }) => {
      if (lastError) gauge.set({ provider, code: lastError.code }, lastError.at / 1_000);
    },
  );
  add('in_flight', 'Calls in flight, streams to their end.', [], (gauge, health) =>
    gauge.set({ provider: health.provider }, health.inFlight),
  );
  add('queued', 'Calls that wait in line.', [], (gauge, health) =>
    gauge.set({ provider: health.provider }, health.queued),
  );
  add(
    'key_cooling_seconds',
    'Unix time until which a key of the pool rests, by its place in the configuration.',
    ['key', 'model'],
    (gauge, { provider, keys }) => {
      for (const { key, cooling } of keys)
        for (const { model = '', until } of cooling)
          gauge.set({ provider, key: String(key), model }, until / 1_000);
    },
  );
}
