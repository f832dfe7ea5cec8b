import type { Kysely, Migration } from 'kysely';

export const apiKeysMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('api_keys')
      .ifNotExists()
      .addColumn('sha256', 'text', (column) => column.primaryKey())
      .addColumn('label', 'text', (column) => column.notNull().unique())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('team', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .addColumn('rights', 'text', (column) => column.notNull())
      .execute();
  },
};
