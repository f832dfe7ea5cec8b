/** A scripted run of the whole router against a ledger made by hand: to the last token and the last picodollar. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LedgerEntry } from '../../src/core/ledger.ts';
import { createSqlLedger } from '../../src/store/ledger.ts';
import { openSqliteDatabase } from '../../src/store/sqlite.ts';
import {
  answers,
  type FakeUpstream,
  fails,
  hangsUp,
  json,
  type Reply,
  startUpstream,
  streams,
} from '../fakes/upstream.ts';
import { answerBody, answerFrames } from '../fakes/wire-answers.ts';
import { moneyConfig } from '../fixtures/money-config.ts';
import { startRouter, type TestRouter } from './harness.ts';

const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };

/** An answer of chat completions with the usage as it stands on the wire. */
const openAi =
  (text: string, usage: object): Reply =>
  (request, response) =>
    json({ ...answerBody('openai-chat', text, { model: String(request.body.model), usage: null }), usage })(
      request,
      response,
    );
const anthropic =
  (text: string, usage: object): Reply =>
  (request, response) =>
    json({ ...answerBody('anthropic-messages', text, { usage: null }), usage })(request, response);
const plain = (input: number, output: number): object => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
});

const MICRO = 1e-6;

/**
 * kind, model, status, [input, output, cached, cache write, of it 1 h, reasoning] or null, cost and counterfactual in
 * millionths of a dollar; `-` where the row is not the one that is compared.
 */
type Row = readonly [string, string, string, readonly number[] | null, number | null, number | null | '-'];

interface Case {
  readonly name: string;
  readonly replies: readonly Reply[];
  readonly body: Readonly<Record<string, unknown>>;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Leaves after the first bytes of the answer. */
  readonly leaves?: boolean;
  readonly rows: readonly Row[];
}

const CASES: readonly Case[] = [
  {
    name: 'plain',
    replies: [openAi('hi', plain(1_000, 200))],
    body: { model: 'auto:simple' },
    rows: [['answer', 'small', 'ok', [1_000, 200, 0, 0, 0, 0], 50 + 80, 1_250 + 2_000]],
  },
  {
    name: 'with cached input',
    replies: [openAi('hi', { ...plain(2_000, 100), prompt_tokens_details: { cached_tokens: 1_500 } })],
    body: { model: 'auto:simple' },
    rows: [['answer', 'small', 'ok', [2_000, 100, 1_500, 0, 0, 0], 25 + 7.5 + 40, 625 + 187.5 + 1_000]],
  },
  {
    name: 'with reasoning, which is output',
    replies: [openAi('hi', { ...plain(300, 900), completion_tokens_details: { reasoning_tokens: 700 } })],
    body: { model: 'auto:moderate' },
    rows: [['answer', 'mid', 'ok', [300, 900, 0, 0, 0, 700], 75 + 1_800, 375 + 9_000]],
  },
  {
    name: 'across dialects, with cache reads and writes for five minutes and an hour',
    replies: [
      anthropic('hi', {
        input_tokens: 40,
        output_tokens: 60,
        cache_read_input_tokens: 1_000,
        cache_creation_input_tokens: 500,
        cache_creation: { ephemeral_5m_input_tokens: 300, ephemeral_1h_input_tokens: 200 },
      }),
    ],
    body: { model: 'writer' },
    rows: [
      [
        'answer',
        'writer',
        'ok',
        [1_540, 60, 1_000, 500, 200, 0],
        120 + 300 + 1_125 + 1_200 + 900,
        50 + 125 + 625 + 600,
      ],
    ],
  },
  {
    name: 'failed and tried again',
    replies: [fails(500), openAi('hi', plain(100, 10))],
    body: { model: 'auto:simple' },
    rows: [
      ['answer', 'small', 'failed', null, 0, '-'],
      ['answer', 'small', 'ok', [100, 10, 0, 0, 0, 0], 5 + 4, 125 + 100],
    ],
  },
  {
    name: 'escalated by a validator',
    replies: [openAi('maybe', plain(50, 5)), openAi('yes', plain(50, 1))],
    body: { model: 'auto' },
    headers: { 'x-case': 'verdict' },
    rows: [
      ['answer', 'small', 'rejected', [50, 5, 0, 0, 0, 0], 2.5 + 2, '-'],
      ['answer', 'mid', 'ok', [50, 1, 0, 0, 0, 0], 12.5 + 2, 62.5 + 10],
    ],
  },
  {
    name: 'judged',
    replies: [openAi('simple', plain(400, 1)), openAi('hi', plain(20, 20))],
    body: { model: 'auto', messages: [{ role: 'user', content: 'Is this one hard?' }] },
    rows: [
      ['judge', 'tiny', 'ok', [400, 1, 0, 0, 0, 0], 40 + 0.4, '-'],
      ['answer', 'small', 'ok', [20, 20, 0, 0, 0, 0], 1 + 8, 25 + 200],
    ],
  },
  {
    name: 'judged from the cache, for nothing',
    replies: [openAi('hi', plain(20, 20))],
    body: { model: 'auto', messages: [{ role: 'user', content: 'Is this one hard?' }] },
    rows: [
      ['judge', 'tiny', 'ok', null, 0, '-'],
      ['answer', 'small', 'ok', [20, 20, 0, 0, 0, 0], 1 + 8, 25 + 200],
    ],
  },
  {
    name: 'judged by a judge that does not say what it used',
    replies: [answers('simple', { usage: null }), openAi('hi', plain(20, 20))],
    body: { model: 'auto', messages: [{ role: 'user', content: 'And this one?' }] },
    rows: [
      ['judge', 'tiny', 'ok', null, null, '-'],
      ['answer', 'small', 'ok', [20, 20, 0, 0, 0, 0], 1 + 8, 25 + 200],
    ],
  },
  {
    name: 'checked by a model',
    replies: [openAi('hi', plain(10, 10)), openAi('{"score": 1, "reason": "polite"}', plain(30, 9))],
    body: { model: 'auto' },
    headers: { 'x-case': 'polite' },
    rows: [
      ['answer', 'small', 'ok', [10, 10, 0, 0, 0, 0], 0.5 + 4, 12.5 + 100],
      ['validator', 'tiny', 'ok', [30, 9, 0, 0, 0, 0], 3 + 3.6, '-'],
    ],
  },
  {
    name: 'of a model without a price',
    replies: [openAi('hi', plain(10, 5))],
    body: { model: 'unpriced' },
    rows: [['answer', 'unpriced', 'ok', [10, 5, 0, 0, 0, 0], null, 12.5 + 50]],
  },
  {
    name: 'with a prompt so long that it costs more',
    replies: [openAi('hi', plain(150, 10))],
    body: { model: 'long' },
    rows: [['answer', 'long', 'ok', [150, 10, 0, 0, 0, 0], 600 + 180, 187.5 + 100]],
  },
  {
    name: 'with a prompt just short enough',
    replies: [openAi('hi', plain(100, 10))],
    body: { model: 'long' },
    rows: [['answer', 'long', 'ok', [100, 10, 0, 0, 0, 0], 200 + 120, 125 + 100]],
  },
  {
    name: 'streamed with its usage',
    replies: [answers('one two three', { usage: { input: 10, output: 5 } })],
    body: { model: 'auto:simple', stream: true },
    rows: [['answer', 'small', 'ok', [10, 5, 0, 0, 0, 0], 0.5 + 2, 12.5 + 50]],
  },
  {
    name: 'streamed without any',
    replies: [answers('one two three', { usage: null })],
    body: { model: 'auto:simple', stream: true },
    rows: [['answer', 'small', 'ok', null, null, null]],
  },
  {
    name: 'streamed across dialects',
    replies: [answers('one two three', { usage: { input: 10, output: 5 } })],
    body: { model: 'writer', stream: true },
    rows: [['answer', 'writer', 'ok', [10, 5, 0, 0, 0, 0], 30 + 75, 12.5 + 50]],
  },
  {
    name: 'left by its client, whose usage so far is less than what is billed',
    replies: [
      streams(
        answerFrames('anthropic-messages', 'one two', { usage: { input: 25, output: 99 } }).slice(0, 3),
        {
          end: 'stall',
        },
      ),
    ],
    body: { model: 'writer', stream: true, max_tokens: 100 },
    path: '/v1/messages',
    leaves: true,
    rows: [['answer', 'writer', 'cancelled', null, null, null]],
  },
  {
    name: 'left by its client, with no usage yet',
    replies: [streams(answerFrames('openai-chat', 'one two', {}).slice(0, 2), { end: 'stall' })],
    body: { model: 'small', stream: true },
    leaves: true,
    rows: [['answer', 'small', 'cancelled', null, null, null]],
  },
  {
    name: 'refused by the upstream',
    replies: [fails(400, { type: 'invalid_request_error' })],
    body: { model: 'small' },
    rows: [['answer', 'small', 'failed', null, 0, 0]],
  },
  {
    name: 'broken off, which may have been billed',
    replies: [hangsUp(), hangsUp()],
    body: { model: 'small' },
    rows: [
      ['answer', 'small', 'failed', null, null, '-'],
      ['answer', 'small', 'failed', null, null, 0],
    ],
  },
];

/** The judge of a dry run, and of a request that was refused afterwards. */
const OUTSIDE: readonly Row[] = [
  ['judge', 'tiny', 'ok', [410, 1, 0, 0, 0, 0], 41 + 0.4, '-'],
  ['judge', 'tiny', 'ok', [420, 1, 0, 0, 0, 0], 42 + 0.4, '-'],
];

function rowOf(entry: LedgerEntry): Row {
  const { usage, counterfactual, costUsd } = entry;
  const micros = (value: number | null): number | null =>
    value === null ? null : Math.round(value * 1e12) / 1e6;
  const tokens = usage && [
    usage.inputTokens,
    usage.outputTokens,
    usage.cachedInputTokens,
    usage.cacheWriteTokens,
    usage.cacheWrite1hTokens ?? 0,
    usage.reasoningTokens,
  ];
  const compared = counterfactual ? micros(counterfactual.costUsd) : '-';
  return [entry.kind, entry.model, entry.status, tokens, micros(costUsd), compared];
}

describe('a ledger made by hand', () => {
  const folder = mkdtempSync(join(tmpdir(), 'router-money-'));
  const path = join(folder, 'router.db');
  let upstream: FakeUpstream;
  let router: TestRouter;
  /** Rows by the decision they belong to. */
  const recorded = new Map<string, Row[]>();
  const decisions = new Map<string, string>();
  let entries: LedgerEntry[] = [];
  let total: Awaited<ReturnType<ReturnType<typeof createSqlLedger>['total']>>;
  let savings: Awaited<ReturnType<ReturnType<typeof createSqlLedger>['savings']>>;
  let refused: Response;
  let stats: { total: { cost_usd: number }; savings: Record<string, unknown> };

  async function run({ name, replies, body, path: target, headers, leaves }: Case): Promise<void> {
    upstream.reset();
    upstream.next(...replies);
    const messages = [{ role: 'user', content: 'hello' }];
    const leave = new AbortController();
    const response = await fetch(router.url + (target ?? '/v1/chat/completions'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ messages, ...body }),
      signal: leave.signal,
    });
    const decision = response.headers.get('x-router-decision-id') ?? '';
    decisions.set(name, decision);
    if (leaves) {
      await response.body?.getReader().read();
      leave.abort();
    } else {
      await response.text();
    }
    await vi.waitFor(
      async () => expect((await router.router.store.getDecision(decision))?.outcome).toBeDefined(),
      { timeout: 20_000 },
    );
  }

  beforeAll(async () => {
    upstream = await startUpstream();
    router = await startRouter(moneyConfig(upstream.baseUrl), { ROUTER_STORE: path });
    for (const each of CASES) await run(each);
    upstream.reset();
    upstream.next(openAi('complex', plain(410, 1)));
    await router.post('/v1/classify', { prompt: 'A dry run asks the judge too.', user: 'ann' });
    upstream.reset();
    upstream.next(openAi('complex', plain(420, 1)));
    const cheap = { 'x-router-max-cost-usd': '0.0000000001', 'x-router-session': 's' };
    refused = await router.post(
      '/v1/chat/completions',
      { model: 'auto', messages: [{ role: 'user', content: 'Judged, and then too dear.' }] },
      cheap,
    );
    stats = (await (await router.get('/v1/stats')).json()) as typeof stats;
    const db = await openSqliteDatabase(path);
    const ledger = createSqlLedger(db);
    for await (const entry of ledger.entries(EVER)) {
      entries = [...entries, entry];
      recorded.set(entry.request, [...(recorded.get(entry.request) ?? []), rowOf(entry)]);
    }
    [total, savings] = [await ledger.total(EVER), await ledger.savings(EVER)];
    await db.destroy();
  }, 60_000);
  afterAll(async () => {
    await router.close();
    await upstream.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(CASES)('has the rows of a request $name', ({ name, rows }) => {
    expect(recorded.get(decisions.get(name) ?? '')).toEqual(rows);
  });

  it('has the judge of a dry run, and of a request that could then not be decided, of nobody', () => {
    expect(refused.status).toBe(400);
    const known = new Set(decisions.values());
    const rest = [...recorded].filter(([request]) => !known.has(request));
    expect(rest.map(([, rows]) => rows)).toEqual([
      [['judge', 'tiny', 'ok', [410, 1, 0, 0, 0, 0], 41 + 0.4, '-']],
      [['judge', 'tiny', 'ok', [420, 1, 0, 0, 0, 0], 42 + 0.4, '-']],
    ]);
    const unowned = entries.filter(({ request }) => !known.has(request));
    expect(unowned.flatMap(({ user, session }) => [user ?? [], session ?? []]).flat()).toEqual([]);
  });

  it('sums to the last token and picodollar', () => {
    const rows = [...CASES.flatMap(({ rows: own }) => own), ...OUTSIDE];
    const tokens = (at: number): number => rows.reduce((sum, row) => sum + (row[3]?.[at] ?? 0), 0);
    const known = rows.reduce((sum, row) => sum + Math.round((row[4] ?? 0) * 1e6), 0);
    expect(total).toMatchObject({
      requests: CASES.length,
      calls: rows.length,
      inputTokens: tokens(0),
      outputTokens: tokens(1),
      cachedInputTokens: tokens(2),
      cacheWriteTokens: tokens(3),
      reasoningTokens: tokens(5),
      costUsd: known / 1e12,
      unknownCalls: rows.filter((row) => row[4] === null).length,
      unpricedCalls: 1,
    });
    // 7,120.3 millionths of a dollar, added up on paper.
    expect(total.costUsd).toBe(7_120.3 / 1e6);
  });

  it('compares whole requests, failures included, where all is known', () => {
    const known = CASES.filter(({ rows }) => rows.every((row) => row[4] !== null && row[5] !== null));
    const sum = (at: 4 | 5): number =>
      known
        .flatMap(({ rows }) => rows)
        .reduce((micros, row) => micros + (typeof row[at] === 'number' ? row[at] : 0), 0);
    expect(savings).toMatchObject({
      requests: known.length + OUTSIDE.length,
      unknown: CASES.length - known.length,
      costUsd: Math.round((sum(4) + 41.4 + 42.4) * 1e6) / 1e12,
      baselineCostUsd: Math.round(sum(5) * 1e6) / 1e12,
    });
  });

  it('agrees with the statistics, which know no dry runs', () => {
    expect(stats.savings).toMatchObject({
      requests: savings.requests - OUTSIDE.length,
      unknown: savings.unknown,
      baseline_cost_usd: savings.baselineCostUsd,
      counterfactuals: { large: CASES.length - 1 - savings.unknown },
    });
    expect(Number(stats.savings.cost_usd)).toBeCloseTo(savings.costUsd - (41.4 + 42.4) * MICRO, 15);
  });

  it('freezes the prices that were applied, with their date', () => {
    const priceOf = (name: string) => entries.find(({ request }) => request === decisions.get(name))?.price;
    const asOf = '2026-03-31';
    expect(priceOf('plain')).toEqual({ input: 0.05, cachedInput: 0.005, output: 0.4, asOf });
    expect(priceOf('with a prompt so long that it costs more')).toEqual({ input: 4, output: 18, asOf });
    expect(priceOf('of a model without a price')).toBeNull();
  });
});
