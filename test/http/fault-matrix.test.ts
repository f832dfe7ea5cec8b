import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import { DIALECT_IDS, type DialectId } from '../../src/core/chat.ts';
import { ERROR_CODES, type ErrorCode } from '../../src/core/errors.ts';
import type { Outcome } from '../../src/core/routing.ts';
import { parseSseFrame } from '../../src/core/sse.ts';
import { answers, type FakeUpstream, fails, startUpstream } from '../fakes/upstream.ts';
import { type Cell, FAULT_MATRIX, type Failure, SITUATIONS, type Situation } from './fault-matrix.ts';
import { FIRST, FIRST_SAID, replyOf } from './fault-replies.ts';
import { startRouter, type TestRouter } from './harness.ts';

const PATHS: Readonly<Record<DialectId, string>> = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
};
const SECOND = 'second answer';

/** How a client of each dialect is told a code: by the name it knows it by, and by the type its library goes by. */
const ALIASES: Partial<Record<ErrorCode, string>> = {
  context_too_long: 'context_length_exceeded',
  upstream_rate_limited: 'rate_limit_exceeded',
};
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  429: 'rate_limit_error',
  502: 'api_error',
  504: 'timeout_error',
};

interface WireError {
  readonly type?: string;
  readonly code?: string | null;
  readonly message?: string;
}

interface Seen {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly model: string | null;
  readonly body: string;
  readonly outcome: Outcome;
}

interface Lane {
  readonly client: DialectId;
  readonly upstream: DialectId;
}

/** Each client before an upstream of its own dialect and before one of another. */
const LANES: readonly Lane[] = DIALECT_IDS.flatMap((client, index) => [
  { client, upstream: client },
  { client, upstream: DIALECT_IDS[(index + 1) % DIALECT_IDS.length] ?? client },
]);

interface Case extends Lane {
  readonly id: string;
  readonly fault: string;
  readonly situation: Situation;
  readonly cell: Cell;
}

const CASES: readonly Case[] = FAULT_MATRIX.flatMap(({ id, fault, cells, notIn }) =>
  SITUATIONS.flatMap((situation) => {
    const cell = cells[situation];
    if (cell === undefined) return [];
    return LANES.filter(({ upstream }) => upstream !== notIn).map((lane) => ({
      ...lane,
      id,
      fault,
      situation,
      cell,
    }));
  }),
);

/** What was seen where every model may be tried, and where only the faulty one may. */
interface BothSeen {
  readonly routed: Seen;
  readonly pinned?: Seen;
}

const seenOf = new Map<Case, BothSeen>();
/** Cases that run at once, besides those that do nothing but wait. */
const LANES_AT_ONCE = 16;
const WAITING: ReadonlySet<string> = new Set(['connecting', 'mute', 'stalled']);

let faulty: FakeUpstream;
let sound: FakeUpstream;
let mute: Server;
const routers = new Map<string, TestRouter>();

/** One upstream at a fault of its own: the ways of not being reached, and being slow, need other settings than the rest. */
const SETTINGS = {
  refused: () => ({ base_url: 'http://127.0.0.1:9/v1' }),
  connecting: () => ({
    base_url: `https://127.0.0.1:${(mute.address() as AddressInfo).port}/v1`,
    connect_timeout_ms: 500,
  }),
  mute: () => ({ base_url: faulty.baseUrl, first_byte_timeout_ms: 500 }),
  stalled: () => ({ base_url: faulty.baseUrl, idle_timeout_ms: 600 }),
  others: () => ({ base_url: faulty.baseUrl }),
};
type Setting = keyof typeof SETTINGS;
const settingOf = (id: string): Setting => (id in SETTINGS ? (id as Setting) : 'others');

function configOf(setting: Setting, dialect: DialectId): ConfigInput {
  const price = { input: 1, output: 1, as_of: '2026-11-01' };
  return {
    builtin_catalog: false,
    judge: { model: 'none' },
    classifier: { bundle: 'no-such-bundle' },
    execution: { retries: 1, breaker_failures: 1_000 },
    providers: { first: { dialect, ...SETTINGS[setting]() }, second: { dialect, base_url: sound.baseUrl } },
    models: [
      { id: 'first', provider: 'first', tier: 'simple', price, context_window: 100_000 },
      { id: 'second', provider: 'second', tier: 'moderate', price, context_window: 200_000 },
    ],
    routes: [{ name: 'held', match: { headers: { 'x-commit': 'buffered' } }, commit: 'buffered' }],
  };
}

async function ask({ client, upstream, id, situation }: Case, model: string): Promise<Seen> {
  const router = routers.get(`${settingOf(id)} ${upstream}`);
  if (!router) throw new Error('no such router');
  const content = `fault=${id} situation=${situation}`;
  const said = client === 'openai-responses' ? { input: content } : { messages: [{ role: 'user', content }] };
  const answer = await router.post(
    PATHS[client],
    { model, max_tokens: 100, stream: situation !== 'whole', ...said },
    situation === 'held' ? { 'x-commit': 'buffered' } : {},
  );
  const body = await answer.text();
  const decision = answer.headers.get('x-router-decision-id') ?? '';
  const { outcome } = (await router.router.store.getDecision(decision)) ?? {};
  if (!outcome) throw new Error('no outcome is recorded');
  const { status, headers } = answer;
  return {
    status,
    retryAfter: headers.get('retry-after'),
    model: headers.get('x-router-model'),
    body,
    outcome,
  };
}

async function run(row: Case): Promise<void> {
  const routed = await ask(row, 'auto:simple');
  const alone = typeof row.cell !== 'string' && row.situation !== 'sent';
  seenOf.set(row, alone ? { routed, pinned: await ask(row, 'first') } : { routed });
}

async function runAll(): Promise<void> {
  const waiting = CASES.filter(({ id }) => WAITING.has(id));
  const queue = CASES.filter(({ id }) => !WAITING.has(id));
  const lane = async (): Promise<void> => {
    for (let row = queue.shift(); row; row = queue.shift()) await run(row);
  };
  await Promise.all([...waiting.map(run), ...Array.from({ length: LANES_AT_ONCE }, lane)]);
}

beforeAll(async () => {
  mute = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((listening) => mute.listen(0, '127.0.0.1', listening));
  [faulty, sound] = await Promise.all([startUpstream(), startUpstream()]);
  faulty.otherwise(({ body }) => {
    const [, id = '', situation] = /fault=(\S+) situation=(\w+)/.exec(JSON.stringify(body)) ?? [];
    return replyOf(id, situation as Situation) ?? fails(418);
  });
  sound.otherwise(() => answers(SECOND));
  for (const setting of Object.keys(SETTINGS) as Setting[])
    for (const dialect of DIALECT_IDS)
      routers.set(`${setting} ${dialect}`, await startRouter(configOf(setting, dialect)));
  await runAll();
}, 120_000);
afterAll(async () => {
  await Promise.all([...routers.values()].map((router) => router.close()));
  await Promise.all([faulty.close(), sound.close()]);
  mute.close();
});

/** The words that a client of the dialect reads in an answer, streamed or not. */
function wordsOf(body: string, client: DialectId, streamed: boolean): string {
  const pattern = streamed
    ? {
        'openai-chat': /"content":"([^"]*)"/g,
        'openai-responses': /"delta":"([^"]*)"/g,
        'anthropic-messages': /"text_delta","text":"([^"]*)"/g,
      }[client]
    : /"(?:content|text)":"([^"]*)"/g;
  return [...body.matchAll(pattern)].map(([, words]) => words).join('');
}

function lastEventOf(body: string): { readonly event?: string; readonly data: unknown } {
  const { event, data } = parseSseFrame(body.trimEnd().split('\n\n').at(-1) ?? '');
  return { ...(event === undefined ? {} : { event }), data: data === '[DONE]' ? data : JSON.parse(data) };
}

function expectError(error: WireError, client: DialectId, code: ErrorCode): void {
  const { status } = ERROR_CODES[code];
  if (client === 'anthropic-messages') expect(error.type).toBe(ANTHROPIC_TYPES[status]);
  else expect(error.code).toBe(ALIASES[code] ?? code);
  expect(error.message).not.toBe('');
}

const modelsOf = ({ outcome }: Seen): string[] => outcome.attempts.map(({ model }) => model);

function expectAnswered(seen: Seen, { client, situation, cell }: Case): void {
  expect(seen.status).toBe(200);
  expect(wordsOf(seen.body, client, situation !== 'whole')).toBe(FIRST);
  expect(modelsOf(seen)).toEqual(['first']);
  expect(seen.outcome.status).toBe('ok');
  expect(seen.outcome.costUsd === null).toBe(cell === 'answered, cost unknown');
}

/** Where no other model may be tried. */
function expectAlone(seen: Seen, { client }: Case, failure: Failure): void {
  const { code, calls, callsAlone = calls, retryAfter } = failure;
  expect(seen.status).toBe(ERROR_CODES[code].status);
  expectError((JSON.parse(seen.body) as { error: WireError }).error, client, code);
  expect(seen.retryAfter).toBe(retryAfter === undefined ? null : String(retryAfter));
  expect(modelsOf(seen)).toEqual(Array.from({ length: callsAlone }, () => 'first'));
  expect(seen.outcome.status).toBe('failed');
}

function expectFallback(seen: Seen, { client, situation }: Case, { calls }: Failure): void {
  expect(seen.status).toBe(200);
  expect(seen.model).toBe('second');
  expect(wordsOf(seen.body, client, situation !== 'whole')).toBe(SECOND);
  expect(modelsOf(seen)).toEqual([...Array.from({ length: calls }, () => 'first'), 'second']);
  expect(seen.outcome.status).toBe('ok');
}

/** After the first words: the stream goes no further, and its last event says why, in the client's own format. */
function expectBrokenOff(seen: Seen, { client, upstream, id }: Case, { code }: Failure): void {
  expect(seen.status).toBe(200);
  expect(wordsOf(seen.body, client, true)).toBe(FIRST_SAID);
  const { event, data } = lastEventOf(seen.body);
  const { type, error, response } = data as {
    readonly type?: string;
    readonly error?: WireError;
    readonly response?: { readonly error: WireError };
  };
  const failed = client === 'openai-responses' && upstream !== client;
  const name = failed ? 'response.failed' : 'error';
  if (client !== 'openai-chat') expect([event, type]).toEqual([name, name]);
  if (id === 'error-event' && client === upstream) expect(JSON.stringify(data)).toContain('overloaded_error');
  else expectError(error ?? response?.error ?? {}, client, code);
  expect(modelsOf(seen)).toEqual(['first']);
  expect(seen.outcome.status).toBe('failed');
}

describe('a client sees of an upstream’s fault', () => {
  it.each(CASES)('$fault, $situation, $client before $upstream', (row) => {
    const { cell, situation } = row;
    const { routed, pinned } = seenOf.get(row) ?? {};
    if (!routed) throw new Error('the case has not run');
    if (typeof cell === 'string') return expectAnswered(routed, row);
    if (situation === 'sent') return expectBrokenOff(routed, row, cell);
    if (pinned) expectAlone(pinned, row, cell);
    if (cell.final) expectAlone(routed, row, cell);
    else expectFallback(routed, row, cell);
  });
});
