import type { Kysely } from 'kysely';

/** Unless it is there: SQLite migrates outside any transaction, so a migration must be able to start again. */
export async function addColumn(
  db: Kysely<unknown>,
  table: string,
  column: string,
  type: 'text' | 'bigint' | 'double precision' = 'text',
): Promise<void> {
  const tables = await db.introspection.getTables();
  const columns = tables.find(({ name }) => name === table)?.columns ?? [];
  if (columns.some(({ name }) => name === column)) return;
  await db.schema.alterTable(table).addColumn(column, type).execute();
}
