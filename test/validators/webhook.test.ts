import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Validator } from '../../src/core/ports.ts';
import { createValidator, type ValidatorSpec } from '../../src/validators/index.ts';
import { requestOf } from '../fakes/requests.ts';
import { answerOf, CONTEXT, DEPS, says } from './deps.ts';

interface Heard {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Reply = (res: ServerResponse) => void;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A hook that replies so, and what it heard. */
async function hook(reply: Reply): Promise<{ readonly url: string; readonly heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    heard.push({ headers: req.headers, body: Buffer.concat(chunks).toString('utf8') });
    reply(res);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/check`, heard };
}

function make(
  url: string,
  over: Partial<Extract<ValidatorSpec, { type: 'webhook' }>> = {},
  secret?: string,
): Validator {
  const spec: ValidatorSpec = {
    type: 'webhook',
    url,
    timeout_ms: 2_000,
    on_error: 'pass',
    send: 'text_only',
    breaker_failures: 100,
    breaker_cooldown_ms: 60_000,
    ...over,
  };
  return createValidator('mine', spec, { ...DEPS, ...(secret === undefined ? {} : { secret }) });
}

const json =
  (body: unknown, status = 200): Reply =>
  (res) => {
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
const check = (validator: Validator) => validator.check(says('Hello!'), requestOf('hi'), CONTEXT);
const PAID = { paid: { costUsd: 0, latencyMs: 0 } };

describe('webhook', () => {
  it.each([
    ['yes', json({ ok: true }), { ok: true, ...PAID }],
    ['no', json({ ok: false, reason: ' too rude ' }), { ok: false, reason: 'too rude', ...PAID }],
    ['no without a reason', json({ ok: false }), { ok: false, reason: 'no reason given', ...PAID }],
    ['what it cost', json({ ok: true, cost_usd: 0.25 }), { ok: true, paid: { costUsd: 0.25, latencyMs: 0 } }],
    [
      'a reason too long',
      json({ ok: false, reason: 'x'.repeat(999) }),
      { ok: false, reason: 'x'.repeat(200), ...PAID },
    ],
  ])('takes %s', async (_, reply, verdict) => {
    const { url } = await hook(reply);
    expect(await check(make(url))).toEqual(verdict);
  });

  const failures: readonly (readonly [string, Reply])[] = [
    ['an error', json({ ok: true }, 500)],
    ['a redirect', (res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['no JSON', (res) => res.end('yes')],
    ['no verdict', json({ okay: true })],
    ['a verdict in words', json({ ok: 'true' })],
    ['too much', json({ ok: true, reason: 'x'.repeat(100_000) })],
    ['a broken connection', (res) => res.destroy()],
    ['silence', () => {}],
  ];
  it.each(failures)('counts %s as configured', async (_, reply) => {
    const { url } = await hook(reply);
    expect(await check(make(url, { timeout_ms: 100 }))).toEqual({ ok: true });
    expect(await check(make(url, { timeout_ms: 100, on_error: 'fail' }))).toEqual({
      ok: false,
      reason: 'the hook gave no verdict',
    });
  });

  it('counts a hook that is not there as configured', async () => {
    expect(await check(make('http://127.0.0.1:1/', { on_error: 'fail' }))).toMatchObject({ ok: false });
  });

  it('leaves a failing hook alone for a while', async () => {
    const { url, heard } = await hook(json({}, 500));
    const validator = make(url, { breaker_failures: 2 });
    for (let turn = 0; turn < 5; turn += 1) await check(validator);
    expect(heard).toHaveLength(2);
  });

  it('passes, and blames nobody, where the client went away', async () => {
    const { url, heard } = await hook(json({ ok: false }));
    const validator = make(url, { breaker_failures: 1, on_error: 'fail' });
    const gone = { signal: AbortSignal.abort() };
    expect(await validator.check(says('x'), requestOf('hi'), gone)).toEqual({ ok: true });
    expect(await check(validator)).toMatchObject({ reason: 'no reason given' });
    expect(heard).toHaveLength(1);
  });

  it('signs what it sends with the time', async () => {
    const { url, heard } = await hook(json({ ok: true }));
    await check(make(url, {}, 'key'));
    const [{ headers, body } = { headers: {}, body: '' }] = heard;
    const digest = createHmac('sha256', 'key').update(`0.${body}`).digest('hex');
    expect(headers['x-router-signature']).toBe(`t=0,v1=${digest}`);
    expect(headers['x-router-validator']).toBe('mine');
  });

  it('sends texts only, unless all is asked for', async () => {
    const { url, heard } = await hook(json({ ok: true }));
    const request = {
      ...requestOf('latest', { metadata: { task: 't' }, user: 'someone' }),
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'secret prompt' }] },
        { role: 'user', content: [{ type: 'text', text: 'latest' }] },
      ],
    } as const;
    const answer = answerOf(
      { type: 'thinking', text: 'hidden' },
      { type: 'text', text: 'Hello!' },
      { type: 'tool_call', id: '1', name: 'f', arguments: '{}' },
    );
    await make(url).check(answer, request, CONTEXT);
    await make(url, { send: 'full' }).check(answer, request, CONTEXT);
    const [texts, full] = heard.map(({ body }) => JSON.parse(body));
    expect(texts).toEqual({ request: { text: 'latest' }, response: { text: 'Hello!', stop_reason: 'stop' } });
    expect(full).toEqual({
      request: {
        messages: [
          { role: 'system', content: [{ type: 'text', text: 'secret prompt' }] },
          { role: 'user', content: [{ type: 'text', text: 'latest' }] },
        ],
        tools: [],
        metadata: { task: 't' },
      },
      response: {
        model: 'm',
        stop_reason: 'stop',
        text: 'Hello!',
        content: [
          { type: 'text', text: 'Hello!' },
          { type: 'tool_call', id: '1', name: 'f', arguments: '{}' },
        ],
      },
    });
  });
});
