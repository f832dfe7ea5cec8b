import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely';
import type { Store } from '../core/store.ts';
import { migrate } from './migrations.ts';
import type { Tables } from './schema.ts';
import { createSqlStore } from './sql-store.ts';

const TRIES = 10;
/** Statements kept compiled; queries with lists of ids have a text for each length. */
const MOST_STATEMENTS = 500;

/**
 * The connection, each text of a query compiled once. A statement that is read row by row is busy until its last row
 * and so belongs to its reader alone.
 */
function compilingOnce(database: Database.Database): SqliteDatabase {
  const compiled = new Map<string, Database.Statement>();
  const statement = (sql: string): Database.Statement => {
    const known = compiled.get(sql);
    if (known) return known;
    const [oldest] = compiled.keys();
    if (compiled.size === MOST_STATEMENTS && oldest !== undefined) compiled.delete(oldest);
    const made = database.prepare(sql);
    compiled.set(sql, made);
    return made;
  };
  return {
    close: () => database.close(),
    prepare(sql) {
      const shared = statement(sql);
      return {
        reader: shared.reader,
        all: (parameters) => shared.all(parameters),
        run: (parameters) => shared.run(parameters),
        iterate: (parameters) => database.prepare(sql).iterate(parameters) as IterableIterator<unknown>,
      };
    },
  };
}

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
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: compilingOnce(database) }) });
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
