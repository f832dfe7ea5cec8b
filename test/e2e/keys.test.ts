import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningServer, startServer } from './server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
}, 60_000);
afterAll(() => server.stop());

/** Runs `npm run keys` in a process of its own beside the server. */
async function keys(...args: string[]): Promise<string> {
  const command = ['--import', 'tsx', 'scripts/keys.ts', '--store', server.storePath, ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  for await (const chunk of child.stdout) out += chunk;
  return out;
}

const ask = async (key?: string): Promise<number> => {
  const headers = { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) };
  const body = JSON.stringify({ prompt: 'hello' });
  return (await fetch(`${server.url}/v1/route`, { method: 'POST', headers, body })).status;
};

it('keys that a command creates and revokes beside the running server count with the next request', async () => {
  expect(server.banner).toContain('keys: none yet');
  expect(await ask()).toBe(200);
  const created = await keys('create', '--name', 'first');
  const key = /rt_[\w-]{43}/.exec(created)?.[0] ?? '';
  expect([await ask(), await ask(key)]).toEqual([401, 200]);
  const second = /rt_[\w-]{43}/.exec(await keys('create', '--name', 'second'))?.[0] ?? '';
  await keys('revoke', created.split('\t')[0] ?? '');
  expect([await ask(key), await ask(second), await ask()]).toEqual([401, 200, 401]);
}, 60_000);
