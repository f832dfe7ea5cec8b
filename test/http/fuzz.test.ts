/**
 * Twenty thousand requests that no client should send, drawn from a fixed seed: valid bodies broken in one to three
 * places, bytes that are no JSON, wrong types of content, methods and paths. None may be answered by a fault of the
 * router, and what they leave behind must not grow with their number.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Agent, type Dispatcher, request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRandom, type Random } from '../../src/training/random.ts';
import { startRouter, type TestRouter } from './harness.ts';

const REQUESTS = 20_000;
const AT_ONCE = 32;
/** Bytes the heap may differ by between two sweeps of the collector for reasons other than a leak. */
const NOISE = 24 * 1024 * 1024;

const TOOL = { name: 'f', description: 'd', parameters: { type: 'object', properties: {} } };
const VALID: Readonly<Record<string, object>> = {
  '/v1/chat/completions': {
    model: 'auto',
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'hi' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'ok' },
    ],
    tools: [{ type: 'function', function: TOOL }],
    tool_choice: 'auto',
    response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' } } },
    max_tokens: 10,
    temperature: 0.5,
    stop: ['x'],
    stream: true,
    stream_options: { include_usage: true },
    metadata: { session_id: 's' },
  },
  '/v1/messages': {
    model: 'auto:simple',
    max_tokens: 10,
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 's' },
          { type: 'tool_use', id: 't', name: 'f', input: {} },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'ok' }] },
    ],
    tools: [{ name: 'f', input_schema: { type: 'object' } }],
    tool_choice: { type: 'auto' },
    thinking: { type: 'enabled', budget_tokens: 1024 },
    stop_sequences: ['x'],
    stream: false,
    metadata: { user_id: 'u' },
  },
  '/v1/responses': {
    model: 'auto',
    instructions: 'Be brief.',
    input: [
      { role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'ok' },
    ],
    tools: [{ type: 'function', ...TOOL }],
    text: { format: { type: 'json_schema', name: 's', schema: { type: 'object' } } },
    reasoning: { effort: 'low' },
    max_output_tokens: 16,
    stream: true,
  },
  '/v1/messages/count_tokens': { model: 'auto', messages: [{ role: 'user', content: 'hi' }] },
  '/v1/route': { prompt: 'hi', max_tokens: 5 },
  '/v1/classify': { inputs: [{ prompt: 'hi' }, { messages: [{ role: 'user', content: 'hi' }] }] },
  '/v1/feedback': { decision_id: 'dec_x', rating: 'up', comment: 'c' },
};
const PATHS = Object.keys(VALID);

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  '',
  ' ',
  'x',
  '\u0000',
  '\ud800',
  '𝔘𝔫𝔦',
  'auto',
  'a'.repeat(5_000),
  '__proto__',
  'data:,',
  'http://127.0.0.1:1/',
  [],
  {},
  [[]],
  [null],
  { type: 'text' },
  { type: 'nope' },
  { __proto__: null, constructor: 1 },
  [{ role: 'user' }],
  { toString: 'x' },
  '../../etc/passwd',
];
const ODD_KEYS = ['__proto__', 'constructor', 'toString', 'type', 'model', 'stream', 'n', 'x\r\ny', '', '𝔘'];
const ODD_TYPES = [
  'text/plain',
  'application/xml',
  'application/json; charset=utf-7',
  'multipart/form-data',
  '',
  'application/json;',
];
const ODD_HEADERS: readonly Record<string, string>[] = [
  { 'x-router-min-tier': 'nope' },
  { 'x-router-max-cost-usd': '-1' },
  { 'x-router-quality': 'NaN' },
  { 'x-router-session': 's'.repeat(4_000) },
  { authorization: 'Bearer' },
  { authorization: 'Basic eA==' },
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'nope' },
  { 'anthropic-beta': '\t' },
  { 'cache-control': 'no-store' },
  { 'x-api-key': 'k' },
  { origin: 'http://evil.example' },
];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)] as T;
}

/** All places of a value that can be broken: each container with its keys. */
function places(value: unknown): { container: Record<string, unknown>; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const container = value as Record<string, unknown>;
  return Object.keys(container).flatMap((key) => [{ container, key }, ...places(container[key])]);
}

/** Breaks one place of the body, in place. */
function damage(body: object, random: Random): void {
  const place = pick(random, places(body));
  if (!place) return;
  const { container, key } = place;
  switch (random.below(6)) {
    case 0:
      delete container[key];
      return;
    case 1:
      container[key] = [container[key]];
      return;
    case 2:
      Object.defineProperty(container, pick(random, ODD_KEYS), {
        value: structuredClone(pick(random, ODD_VALUES)),
        enumerable: true,
        configurable: true,
        writable: true,
      });
      return;
    case 3:
      container[key] = Array.from({ length: 1 + random.below(50) }, () => structuredClone(container[key]));
      return;
    default:
      container[key] = structuredClone(pick(random, ODD_VALUES));
  }
}

function nested(depth: number): string {
  return `${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`;
}

function noJson(text: string, random: Random): string | Buffer {
  switch (random.below(6)) {
    case 0:
      return text.slice(0, random.below(text.length));
    case 1:
      return Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)));
    case 2:
      return nested(1 + random.below(5_000));
    case 3:
      return text.replace(/"messages":/, `"messages":${nested(40)},"x":`);
    case 4:
      return JSON.stringify(pick(random, ODD_VALUES)) ?? '';
    default:
      return `${text}${text}`;
  }
}

interface Drawn {
  readonly path: string;
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Record<string, string>;
  readonly body?: string | Buffer;
}

function draw(random: Random): Drawn {
  const path = pick(random, PATHS);
  const body = structuredClone(VALID[path] ?? {});
  for (let times = 1 + random.below(3); times > 0; times--) damage(body, random);
  const text = JSON.stringify(body);
  const drawn: Drawn = { path, method: 'POST', headers: { 'content-type': 'application/json' }, body: text };
  switch (random.below(20)) {
    case 0:
    case 1:
    case 2:
      return { ...drawn, body: noJson(text, random) };
    case 3:
      return { ...drawn, headers: { 'content-type': pick(random, ODD_TYPES) } };
    case 4:
    case 5:
      return { ...drawn, headers: { ...drawn.headers, ...pick(random, ODD_HEADERS) } };
    case 6:
      return {
        path,
        method: pick(random, ['GET', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'] as const),
        headers: {},
      };
    case 7:
      return {
        ...drawn,
        path: pick(random, [
          '/',
          '/v1',
          '/v1/chat',
          '/%',
          '/v1/decisions/%E0%A4%A',
          '/v1/decisions/dec_x',
          '/v1/stats?from=x',
          `/${'a'.repeat(2_000)}`,
          '/v1/admin/keys',
        ]),
      };
    default:
      return drawn;
  }
}

/** Bytes of live objects, after the collector has run. */
function liveBytes(): number {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let router: TestRouter;
const agent = new Agent({ connections: AT_ONCE });
beforeAll(async () => {
  router = await startRouter({ judge: { model: 'none' } });
});
afterAll(async () => {
  await agent.close();
  await router.close();
});

async function send({ path, method, headers, body }: Drawn): Promise<number> {
  const answer = await request(router.url + path, {
    method,
    headers,
    dispatcher: agent,
    ...(body === undefined ? {} : { body }),
  });
  await answer.body.dump();
  return answer.statusCode;
}

it(`${REQUESTS} malformed requests meet no fault and leave nothing behind`, async () => {
  const random = createRandom(20_261_121);
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  let sent = 0;
  let early = 0;
  const worker = async (): Promise<void> => {
    while (sent < REQUESTS) {
      sent += 1;
      if (sent === REQUESTS / 4) early = liveBytes();
      const drawn = draw(random);
      const status = await send(drawn);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status >= 500)
        faults.push(
          `${status} ${drawn.method} ${drawn.path} ${JSON.stringify(drawn.headers)} ${String(drawn.body).slice(0, 600)}`,
        );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(faults.slice(0, 5)).toEqual([]);
  expect(router.log.filter(({ level }) => level === 'error')).toEqual([]);
  expect([...statuses.keys()].filter((status) => status >= 400).length).toBeGreaterThan(3);
  const refused = [...statuses].reduce((sum, [status, times]) => sum + (status >= 400 ? times : 0), 0);
  expect(refused).toBeGreaterThan(REQUESTS / 2);
  expect(liveBytes() - early).toBeLessThan(NOISE);
  expect((await router.post('/v1/route', { prompt: 'Still there?' })).status).toBe(200);
}, 180_000);
