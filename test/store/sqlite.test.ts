import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { decisionOf, outcomeOf, storeContract } from '../contracts/store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'router-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

storeContract('SQLite in memory', () => openSqliteStore(':memory:'));
storeContract('SQLite in a file', () => openSqliteStore(join(folder, 'router.db')));

const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };
const OLDEST = fileURLToPath(new URL('../fixtures/store-0001.sql', import.meta.url));
const SOURCE = fileURLToPath(new URL('../../src/store/sqlite.ts', import.meta.url));

/** Everything the schema consists of, as SQLite tells it. */
function schemaOf(path: string): unknown[] {
  const database = new Database(path, { readonly: true });
  const rows = database
    .prepare("select name, sql from sqlite_master where name not like 'kysely%' order by name")
    .all();
  database.close();
  return rows;
}

/** Tables, columns and indexes, without the words that made them. */
function namesOf(path: string): unknown[] {
  const database = new Database(path, { readonly: true });
  const rows = database
    .prepare(
      "select m.name, c.name as part, c.type from sqlite_master m left join pragma_table_info(m.name) c where m.name not like 'kysely%' order by 1, 2",
    )
    .all();
  database.close();
  return rows;
}

describe('the file', () => {
  it('and its folder are created, and keep everything', async () => {
    const path = join(folder, 'deep', 'er', 'router.db');
    const first = await openSqliteStore(path);
    await first.recordDecision(decisionOf('d'));
    await first.recordOutcome(outcomeOf('d'));
    await first.addFeedback([{ decisionId: 'd', kind: 'rating', rating: 'up' }], 5);
    const before = [await first.getDecision('d'), await first.stats(EVER)];
    await first.close();
    const second = await openSqliteStore(path);
    expect([await second.getDecision('d'), await second.stats(EVER)]).toEqual(before);
    await second.close();
  });

  it('is migrated from blank once: opening again changes nothing', async () => {
    const path = join(folder, 'router.db');
    await (await openSqliteStore(path)).close();
    const schema = schemaOf(path);
    expect(schema).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ name: 'decisions' }),
        expect.objectContaining({ name: 'outcomes' }),
        expect.objectContaining({ name: 'feedback' }),
      ]),
    );
    await (await openSqliteStore(path)).close();
    expect(schemaOf(path)).toEqual(schema);
  });

  it('is migrated from the oldest schema with all its rows', async () => {
    const path = join(folder, 'old.db');
    const old = new Database(path);
    old.exec(readFileSync(OLDEST, 'utf8'));
    old.close();
    const store = await openSqliteStore(path);
    expect(await store.getDecision('d1')).toMatchObject({
      decision: { id: 'd1', user: 'ann', text: 'the text' },
      outcome: { status: 'ok' },
      feedback: [{ id: 'f1', rating: 'up' }],
    });
    await store.recordDecision(decisionOf('d3', { user: 'bob' }));
    await store.close();
    const database = new Database(path, { readonly: true });
    const users = database.prepare('select id, end_user from decisions order by id').all();
    database.close();
    expect(users).toEqual([
      { id: 'd1', end_user: 'ann' },
      { id: 'd2', end_user: null },
      { id: 'd3', end_user: 'bob' },
    ]);
    const blank = join(folder, 'blank.db');
    await (await openSqliteStore(blank)).close();
    expect(namesOf(path)).toEqual(namesOf(blank));
  });

  it('that is no database is refused', async () => {
    const path = join(folder, 'router.db');
    writeFileSync(path, 'this is not a database, but it is long enough to be looked at'.repeat(40));
    await expect(openSqliteStore(path)).rejects.toThrow(/not a database/);
  });

  it('can be opened by two at once from blank', async () => {
    const path = join(folder, 'router.db');
    const stores = await Promise.all([openSqliteStore(path), openSqliteStore(path)]);
    await stores[0]?.recordDecision(decisionOf('d'));
    expect(await stores[1]?.getDecision('d')).toBeDefined();
    await Promise.all(stores.map((store) => store.close()));
  });

  it('is read by another process while this one writes', async () => {
    const path = join(folder, 'router.db');
    const store = await openSqliteStore(path);
    await store.recordDecision(decisionOf('d0', { source: 'nano' }));
    const reader = `
      const { openSqliteStore } = await import(${JSON.stringify(SOURCE)});
      const store = await openSqliteStore(${JSON.stringify(path)});
      let rows = 0;
      for await (const row of store.labelled({ from: 0, to: Number.MAX_SAFE_INTEGER })) rows += row ? 1 : 0;
      await store.close();
      console.log(rows);`;
    let reading = true;
    const run = promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      reader,
    ]);
    const finished = run.finally(() => {
      reading = false;
    });
    let written = 1;
    while (reading) {
      await store.recordDecision(decisionOf(`d${written}`, { source: 'nano' }));
      written += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const { stdout } = await finished;
    expect(Number(stdout)).toBeGreaterThanOrEqual(1);
    expect(Number(stdout)).toBeLessThanOrEqual(written);
    expect((await store.stats(EVER)).total.requests).toBe(written);
    await store.close();
  });

  it('keeps what was written when its process is killed', async () => {
    const path = join(folder, 'router.db');
    const writer = `
      const { openSqliteStore } = await import(${JSON.stringify(SOURCE)});
      const store = await openSqliteStore(${JSON.stringify(path)});
      await store.recordDecision(${JSON.stringify(decisionOf('d'))});
      process.kill(process.pid, 'SIGKILL');`;
    const run = promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      writer,
    ]);
    await expect(run).rejects.toMatchObject({ signal: 'SIGKILL' });
    const store = await openSqliteStore(path);
    expect(await store.getDecision('d')).toBeDefined();
    await store.close();
  });
});
