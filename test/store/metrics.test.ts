import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { type MeteredStore, meter } from '../../src/store/metrics.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { decisionOf, outcomeOf } from '../contracts/store.ts';

let inner: Store;
let metered: MeteredStore;
beforeEach(async () => {
  inner = await openSqliteStore(':memory:');
  metered = meter(inner, ['first', 'second']);
});
afterEach(() => inner.close());

/** Value by series, as the exposition writes it. */
async function series(): Promise<Readonly<Record<string, number>>> {
  const { text } = await metered.metrics.render();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

it('counts requests, escalations, known and unknown cost, durations and what became of the judge', async () => {
  const { store } = metered;
  const judge = { status: 'timeout', cached: false, latencyMs: 9, costUsd: null } as const;
  await store.recordDecision(decisionOf('a', { tier: 'simple', source: 'local', decisionMs: 3 }));
  await store.recordDecision(decisionOf('b', { tier: 'complex', source: 'fallback', judge, decisionMs: 40 }));
  await store.recordDecision(decisionOf('open', { tier: 'complex', source: 'local', decisionMs: 9 }));
  await store.recordOutcome(outcomeOf('a', { costUsd: 0.5, latencyMs: 200, escalated: true }));
  await store.recordOutcome(
    outcomeOf('b', { costUsd: null, latencyMs: 3_000, status: 'failed', escalated: false }),
  );
  expect(await series()).toMatchObject({
    'llm_router_requests_total{tier="simple",source="local",status="ok"}': 1,
    'llm_router_requests_total{tier="complex",source="fallback",status="failed"}': 1,
    'llm_router_escalations_total{tier="simple"}': 1,
    'llm_router_cost_usd_total{tier="simple"}': 0.5,
    'llm_router_cost_unknown_total{tier="complex"}': 1,
    'llm_router_judge_answers_total{status="timeout",cached="false"}': 1,
    'llm_router_request_duration_seconds_sum{tier="complex"}': 3,
    'llm_router_request_duration_seconds_bucket{le="0.25",tier="simple"}': 1,
    'llm_router_decision_duration_seconds_bucket{le="0.005",source="local"}': 1,
  });
  expect(Object.keys(await series()).some((name) => name.includes('complex",source="local"'))).toBe(false);
});

it('counts an outcome once, as the store keeps it once', async () => {
  await metered.store.recordDecision(decisionOf('a'));
  await metered.store.recordOutcome(outcomeOf('a'));
  await metered.store.recordOutcome(outcomeOf('a'));
  const counted = Object.entries(await series()).filter(([name]) =>
    name.startsWith('llm_router_requests_total'),
  );
  expect(counted.map(([, value]) => value)).toEqual([1]);
  expect((await inner.getDecision('a'))?.outcome?.decisionId).toBe('a');
});

it('shows the alarms it was told of, and what is over as 0', async () => {
  const alarms = async (): Promise<unknown[]> => {
    const all = await series();
    return [all['llm_router_alarm{name="first"}'], all['llm_router_alarm{name="second"}']];
  };
  expect(await alarms()).toEqual([0, 0]);
  metered.metrics.setAlarms(['second']);
  expect(await alarms()).toEqual([0, 1]);
  metered.metrics.setAlarms([]);
  expect(await alarms()).toEqual([0, 0]);
});

it('renders without reading the store', async () => {
  const unread = new Proxy({} as Store, {
    get: (_, name) => () => {
      throw new Error(`${String(name)} was called`);
    },
  });
  expect((await meter(unread, ['first']).metrics.render()).text).toContain('llm_router_alarm');
});
