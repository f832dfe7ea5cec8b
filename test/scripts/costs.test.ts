import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCostReport, toCsv, toJson, toTable } from '../../scripts/cost-report.ts';
import type { LedgerGrouping } from '../../src/core/ledger.ts';
import { createSqlLedger } from '../../src/store/ledger.ts';
import { openSqliteDatabase } from '../../src/store/sqlite.ts';
import { entryOf } from '../contracts/ledger.ts';

const NOON = Date.UTC(2026, 0, 15, 12);
const DAY_MS = 86_400_000;
const WEEK = { from: Date.UTC(2026, 0, 12), to: Date.UTC(2026, 0, 19) };

const counterfactual = { model: 'large', costUsd: 0.004 };
const usage = {
  inputTokens: 10,
  outputTokens: 5,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};
const ENTRIES = [
  entryOf('a', { kind: 'judge', model: 'tiny', costUsd: 0.000_1, usage }),
  entryOf('a', { costUsd: 0.000_9, usage, counterfactual, team: 'search', batchEligible: true }),
  entryOf('b', { at: NOON + DAY_MS, costUsd: 0.002, usage, counterfactual, team: '=1+1, "quoted"' }),
  entryOf('c', {
    costUsd: null,
    price: null,
    model: 'free',
    usage,
    decidedTier: 'complex',
    source: 'override',
    counterfactual,
  }),
  entryOf('d', {
    costUsd: 0.004,
    usage,
    model: 'large',
    decidedTier: 'complex',
    source: 'rollout',
    counterfactual,
  }),
  entryOf('before', { at: WEEK.from - 1, costUsd: 100 }),
  entryOf('after', { at: WEEK.to, costUsd: 100 }),
];

let folder: string;
let path: string;
let db: Awaited<ReturnType<typeof openSqliteDatabase>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'router-costs-'));
  path = join(folder, 'router.db');
  db = await openSqliteDatabase(path);
  await createSqlLedger(db).append(ENTRIES);
});
afterAll(async () => {
  await db.destroy();
  rmSync(folder, { recursive: true, force: true });
});

const report = (by: LedgerGrouping = 'tier') =>
  readCostReport(createSqlLedger(db), WEEK, { by, batchDiscount: 0.5 });

describe('the report', () => {
  it('holds the window from its start to before its end', async () => {
    expect((await report()).total).toMatchObject({ requests: 4, calls: 5, costUsd: 0.007, unknownCalls: 1 });
  });

  it('sets what was not routed apart', async () => {
    const { routed, unrouted } = await report();
    expect(routed).toEqual({ requests: 2, costUsd: 0.003, unknownCalls: 0, perRequestUsd: 0.0015 });
    expect(unrouted).toEqual({ requests: 2, costUsd: 0.004, unknownCalls: 1, perRequestUsd: 0.002 });
  });

  it('says nothing of requests that there are none of', async () => {
    const empty = await readCostReport(
      createSqlLedger(db),
      { from: 0, to: 1 },
      { by: 'tier', batchDiscount: 0.5 },
    );
    expect(empty.routed.perRequestUsd).toBeNull();
    expect(empty.groups).toEqual([]);
    expect(toTable(empty)).toContain('saved 0 USD of 0 requests against none');
  });
});

describe('as a table', () => {
  it('aligns its columns and says what it assumes', async () => {
    expect(
      toTable(await report()),
    ).toBe(`Costs from 2026-01-12T00:00:00.000Z to before 2026-01-19T00:00:00.000Z (UTC), by tier

tier     requests  calls  input  cached  output  cost USD  unknown    before     after   saved
complex         2      2     20       0      10  0.004000        1  0.004000  0.004000   0.0 %
simple          2      3     30       0      15  0.003000        0  0.008000  0.003000  62.5 %
total           4      5     50       0      25  0.007000        1   0.01200  0.007000  41.7 %

unknown: 1 calls are missing from the cost, 1 of them of models without a price
could have waited for a batch: 0.0009000 USD, of which its discount would have saved 0.0004500
saved 0.005000 USD (41.7 %) of 3 requests against large
  95 % interval: 0 to 0.009000 by requests; too few days
  the counterfactual is assumed to write as many tokens as the model that answered, and to answer every request it is asked
  left out: 1 requests of which a cost or the counterfactual is unknown
routed: 2 requests, 0.003000 USD, 0.001500 each
not routed (pinned, or outside the roll-out): 2 requests, 0.004000 USD, 0.002000 each, 1 calls of unknown cost apart
`);
  });
});

describe('as CSV', () => {
  it('has one line a group, numbers whole and no formula', async () => {
    const lines = toCsv(await report('team')).split('\r\n');
    expect(lines[0]).toBe(
      'team,requests,calls,failed_calls,input_tokens,cached_input_tokens,cache_write_tokens,output_tokens,reasoning_tokens,cost_usd,unknown_calls,unpriced_calls,batch_eligible_usd,before_usd,after_usd,saved_usd,saved_share',
    );
    expect(lines[1]).toBe(',2,3,0,30,0,0,15,0,0.0041,1,1,0,0.004,0.0041,-0.0001,-0.025');
    expect(lines[2]).toBe(`"'=1+1, ""quoted""",1,1,0,10,0,0,5,0,0.002,0,0,0,0.004,0.002,0.002,0.5`);
    expect(lines[3]).toBe('search,1,1,0,10,0,0,5,0,0.0009,0,0,0.0009,0.004,0.0009,0.0031,0.775');
    expect(lines.slice(4)).toEqual(['']);
  });
});

describe('as JSON', () => {
  it('has all of it', async () => {
    const document = JSON.parse(toJson(await report('model')));
    expect(document).toMatchObject({
      from: '2026-01-12T00:00:00.000Z',
      to: '2026-01-19T00:00:00.000Z',
      by: 'model',
      total: { cost_usd: 0.007, unknown_calls: 1, before_usd: 0.012, after_usd: 0.007, saved_usd: 0.005 },
      savings: { requests: 3, unknown: 1, saved_usd: 0.005, counterfactuals: { large: 3 } },
      batch: { eligible_usd: 0.0009, discount: 0.5, would_save_usd: 0.00045 },
      observed: { routed: { requests: 2 }, not_routed: { requests: 2 } },
    });
    expect(document.rows.map((row: { model: string }) => row.model)).toEqual([
      'free',
      'large',
      'small',
      'tiny',
    ]);
  });
});

describe('the command', () => {
  const run = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'scripts/costs.ts', '--store', path, ...args],
      { encoding: 'utf8' },
    );
    return { out: stdout, err: stderr, code: status };
  };

  it('reads the store beside whoever has it open', async () => {
    const { out, code } = run('--from', '2026-01-12', '--to', '2026-01-19', '--by', 'day', '--format', 'csv');
    expect(code).toBe(0);
    expect(out).toBe(toCsv(await report('day')));
  });

  it.each([
    [['--from', '2026-02-30'], '--from: must be a day or an instant'],
    [['--from', '2026-01-19', '--to', '2026-01-19'], '--from: must be before --to'],
    [['--by', 'colour'], 'Allowed choices are tier'],
  ])('refuses %j', (args, says) => {
    const { err, code } = run(...args);
    expect([code, err]).toEqual([2, expect.stringContaining(says)]);
  });
});
