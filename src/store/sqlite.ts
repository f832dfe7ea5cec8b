import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import type { Store } from '../core/store.ts';
import { migrate } from './migrations.ts';
import type { Tables } from './schema.ts';
import { createSqlStore } from './sql-store.ts';

const TRIES = 10;

/** Another process may be migrating the same file: what fails because of it finds it done on a later look. */
async function migratePatiently(db: Kysely<Tables>): Promise<void> {
  for (let tried = 1; tried < TRIES; tried++) {
    try {
      return await migrate(db);
    } catch {
      await setTimeout(20);
    }
  }
  await migrate(db);
}

/**
 * Opens the embedded database, creating the file, its folder and its schema as needed; `:memory:` keeps nothing.
 * Write-ahead log with synchronous NORMAL: a committed row survives the death of the process, and a reader in another
 * process (retraining) never blocks the server.
 */
export async function openSqliteDatabase(path: string): Promise<Kysely<Tables>> {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  database.pragma('busy_timeout = 5000');
  database.pragma('foreign_keys = ON');
  // What is forgotten is overwritten, not only unlinked.
  database.pragma('secure_delete = ON');
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
  try {
    await migratePatiently(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

/** The store over a database of its own, which `close` closes. See openSqliteDatabase. */
export async function openSqliteStore(path: string): Promise<Store> {
  return createSqlStore(await openSqliteDatabase(path));
}
