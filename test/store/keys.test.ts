import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqlKeyStore } from '../../src/store/keys.ts';
import { openSqliteDatabase } from '../../src/store/sqlite.ts';
import { keyOf, keyStoreContract } from '../contracts/keys.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'router-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function open(path: string) {
  const db = await openSqliteDatabase(path);
  return { keys: createSqlKeyStore(db), close: () => db.destroy() };
}

keyStoreContract('SQLite in memory', () => open(':memory:'));
keyStoreContract('SQLite in a file', () => open(join(folder, 'router.db')));

describe('a key in a file', () => {
  it('that another connection revoked is revoked for the next read', async () => {
    const path = join(folder, 'router.db');
    const [server, command] = [await open(path), await open(path)];
    await server.keys.create(keyOf('a'));
    await command.keys.revoke(keyOf('a').key, 5);
    expect((await server.keys.findByHash(keyOf('a').sha256))?.revokedAt).toBe(5);
    await Promise.all([server.close(), command.close()]);
  });
});

describe('npm run keys', () => {
  function run(...args: string[]): { code: number | null; out: string; err: string } {
    const store = join(folder, 'router.db');
    const command = ['--import', 'tsx', 'scripts/keys.ts', '--store', store, ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
    return { code: status, out: stdout, err: stderr };
  }

  it('creates a key that is shown once, lists it and revokes it', () => {
    const created = run(
      'create',
      '--name',
      'search',
      '--team',
      'web',
      '--tiers',
      'simple,moderate',
      '--rpm',
      '60',
    );
    expect(created.code).toBe(0);
    const secret = /^ {4}(rt_[\w-]{43})$/m.exec(created.out)?.[1] ?? '';
    const [id = ''] = created.out.split('\t');
    expect(secret).not.toBe('');
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    const listed = run('list');
    expect(listed.out).toBe(`${id}\tlive\tchat\tsearch\tweb\ttiers=simple,moderate rpm=60\n`);
    for (const file of readdirSync(folder)) {
      expect(readFileSync(join(folder, file)).includes(secret), file).toBe(false);
    }
    expect(run('revoke', id)).toMatchObject({ code: 0, out: expect.stringContaining('revoked 2') });
    expect(run('list').out).toBe('');
    expect(run('list', '--all', '--json').out).toContain('"revokedAt"');
    expect(run('revoke', '0'.repeat(16)).code).toBe(1);
  }, 60_000);

  it.each([
    [['create'], /--name/],
    [['create', '--name', 'a', '--tiers', 'huge'], /"huge" is none of simple, moderate, complex/],
    [['create', '--name', 'a', '--rpm', '0'], /a whole number from 1/],
    [['create', '--name', 'a', '--expires', '2001-01-01'], /this is past/],
    [['--store', ':memory:', 'create', '--name', 'a'], /keeps no keys/],
  ])('refuses %j', (args, says) => {
    expect(run(...args)).toMatchObject({ code: 2, err: expect.stringMatching(says) });
  });
});
