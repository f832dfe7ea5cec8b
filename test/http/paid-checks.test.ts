/** What checks of answers cost, and whose budget that is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import { answers, type FakeUpstream, json, startUpstream } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

const PRICE = { input: 1, output: 10, as_of: '2026-11-01' };
const folder = mkdtempSync(join(tmpdir(), 'router-checks-'));

let upstream: FakeUpstream;
let checker: FakeUpstream;
let router: TestRouter;
beforeAll(async () => {
  [upstream, checker] = await Promise.all([startUpstream(), startUpstream()]);
});
afterEach(async () => {
  await router.close();
  upstream.reset();
  checker.reset();
});
afterAll(async () => {
  await Promise.all([upstream.close(), checker.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const route = (name: string) => ({
  name,
  match: { task: name },
  tier: 'simple' as const,
  validators: [name],
});

async function start(more: ConfigInput = {}, store = ':memory:'): Promise<void> {
  const judge = {
    type: 'llm_judge' as const,
    rubric: 'It is kind.',
    model: 'nano',
    daily_budget_usd: 0.00015,
  };
  router = await startRouter(
    {
      builtin_catalog: false,
      judge: { model: 'none' },
      classifier: { bundle: 'no-such-bundle' },
      providers: { up: { base_url: upstream.baseUrl }, nano: { base_url: checker.baseUrl } },
      models: [
        { id: 'small', provider: 'up', tier: 'simple', price: PRICE },
        { id: 'nano', provider: 'nano', tier: 'complex', price: PRICE },
      ],
      validators: {
        kind: judge,
        neat: judge,
        house: { type: 'webhook', url: `${checker.baseUrl}/check` },
      },
      routes: ['kind', 'neat', 'house'].map(route),
      ...more,
    },
    { ROUTER_STORE: store },
  );
}

const ask = async (task: string) => {
  const body = { model: 'auto', messages: [{ role: 'user', content: 'Find the harbour' }] };
  const answer = await router.post('/v1/chat/completions', body, { 'x-router-task': task });
  return answer.status;
};

it('one judge does not spend what another may, also after a restart', async () => {
  const store = join(folder, 'judges.db');
  checker.otherwise(() => answers('1'));
  await start({}, store);
  for (let asked = 0; asked < 5; asked++) expect(await ask('kind')).toBe(200);
  const spent = checker.received.length;
  expect(spent).toBeLessThan(5);
  await router.close();
  await start({}, store);
  await ask('kind');
  expect(checker.received).toHaveLength(spent);
  await ask('neat');
  expect(checker.received).toHaveLength(spent + 1);
});

it('what a hook says that it cost is in the ledger and counts against budgets', async () => {
  await start({ budgets: { global: { day: { hard: 0.2 } } } });
  checker.next(json({ ok: true, cost_usd: 0.25 }));
  expect(await ask('house')).toBe(200);
  expect(await ask('house')).toBe(429);
  expect(checker.received).toHaveLength(1);
});

it('a hook that says nothing of a cost leaves no row', async () => {
  await start({ budgets: { global: { day: { hard: 0.2 } } } });
  checker.otherwise(() => json({ ok: true }));
  expect([await ask('house'), await ask('house')]).toEqual([200, 200]);
});
