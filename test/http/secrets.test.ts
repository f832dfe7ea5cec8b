/** Marked keys and prompts, sent through every failure there is: where they may not appear, they do not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answers,
  breaksOff,
  type FakeUpstream,
  fails,
  hangsUp,
  json,
  lies,
  type Reply,
  startUpstream,
} from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from './harness.ts';

const KEYS = {
  CALLER: 'MARKcallerMARKcallerMARKcaller',
  OPS: 'MARKopsMARKopsMARKopsMARKops',
  WRONG: 'MARKwrongMARKwrongMARKwrong',
  PROVIDER: 'MARKproviderMARKproviderMARK',
};
const PROMPT = 'MARKpromptMARKpromptMARKprompt';
const messages = [{ role: 'user', content: `Tell me of ${PROMPT}` }];

let upstream: FakeUpstream;
let router: TestRouter;
let store: string;
/** Bodies and headers of all that was answered without an answer of a model. */
const refusals: string[] = [];

/** An upstream that quotes what it was sent. */
const quotes: Reply = (request, response) => {
  const said = `Incorrect API key provided: ${request.headers.authorization}`;
  return json({ error: { message: said, type: 'authentication_error' } }, 401)(request, response);
};

const FAILURES: readonly (readonly [string, Reply])[] = [
  ['500', fails(500)],
  ['429', fails(429)],
  ['401 with the key', quotes],
  ['400', fails(400, { message: 'bad request' })],
  ['a cut', hangsUp()],
  ['lies', lies()],
  ['a stream that breaks off', breaksOff('one two three', 2)],
];
const PATHS = ['/v1/chat/completions', '/v1/messages', '/v1/responses'];

beforeAll(async () => {
  upstream = await startUpstream();
  store = join(mkdtempSync(join(tmpdir(), 'secrets-')), 'router.db');
  router = await startRouter(
    {
      builtin_catalog: false,
      judge: { model: 'judge', timeout_ms: 1_000 },
      classifier: { bundle: 'no-such-bundle', doubt_below: 1 },
      execution: { retries: 0, breaker_failures: 1_000 },
      store: { text: 'none', path: store },
      providers: { chat: { base_url: upstream.baseUrl, key_env: 'PROVIDER', first_byte_timeout_ms: 1_000 } },
      models: [
        { id: 'small', provider: 'chat', tier: 'simple' },
        { id: 'judge', provider: 'chat', tier: 'simple' },
      ],
      access: {
        keys: [
          { name: 'caller', key_env: 'CALLER', requests_per_minute: 10_000 },
          { name: 'ops', key_env: 'OPS', scopes: ['admin'] },
        ],
      },
      cache: { enabled: true },
    },
    { ...KEYS, ROUTER_STORE: store },
  );
});
afterAll(async () => {
  await router.close();
  await upstream.close();
});

const bodyFor = (path: string, more: object = {}) => ({
  model: 'auto',
  ...(path === '/v1/responses' ? { input: messages } : { messages }),
  ...(path === '/v1/messages' ? { max_tokens: 50 } : {}),
  ...more,
});

async function send(path: string, body: unknown, key: string): Promise<string> {
  const answer = await router.post(path, body, { authorization: `Bearer ${key}`, 'x-trace': KEYS.CALLER });
  const text = `${JSON.stringify([...answer.headers])}\n${await answer.text().catch(() => '')}`;
  refusals.push(text);
  return answer.headers.get('x-router-decision-id') ?? '';
}

describe('keys and prompts', () => {
  const ids: string[] = [];

  it('go through every failure', async () => {
    for (const path of PATHS) {
      for (const stream of [false, true]) {
        for (const [, reply] of FAILURES) {
          upstream.reset();
          upstream.otherwise(() => reply);
          ids.push(await send(path, bodyFor(path, { stream }), KEYS.CALLER));
        }
      }
      upstream.otherwise(() => answers('fine'));
      ids.push(await send(path, bodyFor(path, { temperature: 0 }), KEYS.CALLER));
      await send(path, bodyFor(path), KEYS.WRONG);
      await send(path, bodyFor(path, { model: 'none-such' }), KEYS.CALLER);
      await send(path, { ...bodyFor(path), messages: PROMPT, input: 5 }, KEYS.CALLER);
      await send(path, `{"model": "auto", "messages": [{"content": "${PROMPT}`, KEYS.CALLER);
      await send(path, `${'['.repeat(200)}"${PROMPT}"`, KEYS.CALLER);
    }
    await send('/v1/admin/keys', { name: 'a', scopes: [KEYS.WRONG] }, KEYS.OPS);
    await send('/v1/feedback', { decision_id: 'dec_none', rating: 'up' }, KEYS.CALLER);
    expect(ids.filter((id) => id !== '').length).toBeGreaterThan(40);
  }, 60_000);

  it('are in no answer', () => {
    expect(refusals.join('\n')).not.toContain('MARK');
  });

  it('are in no line of the log', () => {
    const lines = router.log.map(({ fields, message }) => {
      const spelled = Object.values(fields).map((value) =>
        value instanceof Error ? `${value.stack}` : value,
      );
      return JSON.stringify([fields, spelled, message]);
    });
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.join('\n')).not.toContain('MARK');
  });

  it('are in no decision, count or statistic', async () => {
    const headers = { authorization: `Bearer ${KEYS.OPS}` };
    const read = async (path: string) => (await fetch(router.url + path, { headers })).text();
    const paths = [
      ...ids.filter((id) => id !== '').map((id) => `/v1/decisions/${id}`),
      '/metrics',
      '/v1/stats',
    ];
    for (const path of [...paths, '/v1/admin/keys', '/readyz', '/v1/models', '/openapi.json']) {
      const text = await read(path);
      expect(text.length).toBeGreaterThan(10);
      expect(text, path).not.toContain('MARK');
    }
  });

  it('are nowhere in the files of the store', () => {
    const folder = join(store, '..');
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    expect(files.some((bytes) => bytes.includes('dec_'))).toBe(true);
    expect(files.some((bytes) => bytes.includes('MARK'))).toBe(false);
  });

  it('reach the model provider as they should: its key and the prompt, never the caller’s key', () => {
    const seen = JSON.stringify(upstream.received.map(({ headers, body, path }) => [headers, body, path]));
    expect(seen).toContain(PROMPT);
    expect(seen).toContain(KEYS.PROVIDER);
    for (const key of [KEYS.CALLER, KEYS.OPS, KEYS.WRONG]) expect(seen).not.toContain(key);
  });
});

describe('the command', () => {
  it('says nothing of a key in its output', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        ROUTER_STORE: join(folder, 'router.db'),
        ROUTER_API_KEY: KEYS.CALLER,
        OPENAI_API_KEY: KEYS.PROVIDER,
      },
    });
    let said = '';
    const listening = new Promise<string>((found) => {
      for (const output of [child.stdout, child.stderr]) {
        output.on('data', (chunk) => {
          said += chunk;
          const url = /on (http:\/\/\S+)/.exec(said)?.[1];
          if (url && said.includes('complex:')) found(url);
        });
      }
    });
    const url = await listening;
    const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${KEYS.WRONG}` } });
    expect(answer.status).toBe(401);
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(said).toContain('keys: every request needs one');
    expect(said).not.toContain('MARK');
  }, 60_000);
});
