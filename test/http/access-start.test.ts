/** Whether the router starts, and whom it asks for a key. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import { startRouter, type TestRouter } from './harness.ts';

const KEY = 'a-key-of-more-than-twenty-characters';
const DEMO: ConfigInput = { builtin_catalog: false, classifier: { bundle: 'no-such-bundle' } };

let router: TestRouter | undefined;
afterEach(async () => {
  await router?.close();
  router = undefined;
});

async function start(config: ConfigInput, env: Record<string, string> = {}): Promise<TestRouter> {
  router = await startRouter({ ...DEMO, ...config }, env);
  return router;
}

const models = async (headers: Record<string, string> = {}): Promise<number | undefined> =>
  router && (await fetch(`${router.url}/v1/models`, { headers })).status;

describe('what names nothing there is', () => {
  it('a configuration whose models all want a key does not start: the demo would hide it', async () => {
    const config: ConfigInput = {
      providers: { paid: { base_url: 'http://127.0.0.1:9/v1', key_env: 'PAID_KEY' } },
      models: [{ id: 'there', provider: 'paid', tier: 'complex' }],
    };
    await expect(start(config)).rejects.toThrow(
      'models: none can be called, not one of these is set: PAID_KEY',
    );
    await start(config, { PAID_KEY: 'k' });
    expect(await models()).toBe(200);
  });

  it('budgets of unknown keys and teams are told of at start', async () => {
    const budget = { day: { hard: 1 } };
    await start(
      {
        access: { keys: [{ name: 'batch', team: 'web', key_env: 'BATCH_KEY' }] },
        budgets: { keys: { batch: budget, bacth: budget }, teams: { web: budget, wep: budget } },
      },
      { BATCH_KEY: KEY },
    );
    expect(router?.router.summary.filter((line) => line.startsWith('NO SUCH'))).toEqual([
      'NO SUCH KEY: budgets.keys.bacth binds nobody until a key has this name',
      'NO SUCH TEAM: budgets.teams.wep binds nobody until a key belongs to it',
    ]);
  });
});

describe('a router without keys', () => {
  it('answers programs of its own machine, and nobody else', async () => {
    await start({});
    expect(await models()).toBe(200);
    expect(await models({ authorization: 'Bearer anything' })).toBe(200);
    for (const headers of [{ 'x-forwarded-for': '203.0.113.9' }, { origin: 'https://evil.example' }]) {
      expect(await models(headers as Record<string, string>)).toBe(401);
    }
    expect(router?.router.summary.join('\n')).toContain('none yet');
  });

  it('asks for a key from the first one on, also when that is revoked', async () => {
    const { post, get } = await start({});
    const created = (await (await post('/v1/admin/keys', { name: 'first', scopes: ['admin'] })).json()) as {
      key: string;
      info: { id: string };
    };
    expect((await get('/v1/models')).status).toBe(401);
    const headers = { 'x-api-key': created.key };
    expect(await models(headers)).toBe(200);
    const revoked = await fetch(`${router?.url}/v1/admin/keys/${created.info.id}`, {
      method: 'DELETE',
      headers,
    });
    expect(revoked.status).toBe(200);
    expect(await models()).toBe(401);
  });

  it.each([['0.0.0.0'], ['::'], ['192.0.2.1'], ['router.example.org']])(
    'does not start on %s, and says what to do',
    async (host) => {
      const refused = start({ server: { host } });
      await expect(refused).rejects.toThrow(`server.host: ${host} would answer other machines`);
      await expect(refused).rejects.toThrow(
        /npm run keys[\s\S]*ROUTER_API_KEY[\s\S]*access\.auth: required[\s\S]*off/,
      );
    },
  );

  it.each([['127.0.0.1'], ['localhost'], ['::1'], ['127.8.8.8']])('starts on %s', async (host) => {
    await start({ server: { host } });
    expect(await models()).toBe(200);
  });
});

describe('a router on every address', () => {
  const server = { host: '0.0.0.0' };
  const sha256 = createHash('sha256').update(KEY).digest('hex');

  it.each<[string, ConfigInput, Record<string, string>]>([
    ['ROUTER_API_KEY', {}, { ROUTER_API_KEY: KEY }],
    ['key_env', { access: { keys: [{ name: 'k', key_env: 'MY_KEY' }] } }, { MY_KEY: KEY }],
    ['sha256', { access: { keys: [{ name: 'k', sha256 }] } }, {}],
  ])('starts with a key by %s, and asks for it', async (_, config, env) => {
    await start({ server, ...config }, env);
    expect(await models()).toBe(401);
    expect(await models({ 'x-api-key': KEY })).toBe(200);
  });

  it('starts without a key where that is wanted, and refuses everything', async () => {
    await start({ server, access: { auth: 'required' } });
    expect(await models()).toBe(401);
    expect(router?.router.summary.join('\n')).toContain('NONE YET');
  });

  it('asks nobody where that is wanted, and says so loudly', async () => {
    await start({ server, access: { auth: 'off' } });
    expect(await models({ 'x-forwarded-for': '203.0.113.9' })).toBe(200);
    expect(router?.router.summary.join('\n')).toMatch(/^OPEN: whoever reaches 0\.0\.0\.0/m);
  });
});

describe('a configuration that cannot be meant', () => {
  it.each<[string, ConfigInput, Record<string, string>, RegExp]>([
    [
      'a key that is not there',
      { access: { keys: [{ name: 'k', key_env: 'NONE' }] } },
      {},
      /NONE is not set/,
    ],
    ['a short key', {}, { ROUTER_API_KEY: 'secret' }, /at least 20 characters/],
    [
      'the same key twice',
      {
        access: {
          keys: [
            { name: 'k', key_env: 'A' },
            { name: 'l', key_env: 'A' },
          ],
        },
      },
      { A: KEY },
      /access\.keys\[1\]: the same key is there twice/,
    ],
    ['no key', { access: { keys: [{ name: 'k' }] } }, {}, /exactly one of key_env and sha256/],
    [
      'a model that is not there',
      { access: { keys: [{ name: 'k', key_env: 'A', models: ['gpt'] }] } },
      { A: KEY },
      /no model "gpt"/,
    ],
    [
      'an open remote admin',
      { access: { auth: 'off' }, admin: { remote: true } },
      {},
      /admin\.remote: needs keys/,
    ],
  ])('%s is refused without showing the key', async (_, config, env, says) => {
    const refused = start(config, env);
    await expect(refused).rejects.toThrow(says);
    const { message } = (await refused.catch((error: Error) => error as Error)) as Error;
    for (const value of Object.values(env)) expect(message).not.toContain(value);
  });
});

describe('access.public', () => {
  it('opens the document and the metrics by name', async () => {
    const { get } = await start({ access: { auth: 'required', public: ['/metrics'] } });
    expect((await get('/metrics')).status).toBe(200);
    expect((await get('/openapi.json')).status).toBe(401);
  });
});
