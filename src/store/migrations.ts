/** Named, ordered migrations. One that has landed is never changed; a change of the schema is a new one. */
import { type Kysely, type Migration, Migrator, sql } from 'kysely';

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_decisions_outcomes_feedback': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('decisions')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('tier', 'text', (column) => column.notNull())
        .addColumn('source', 'text', (column) => column.notNull())
        .addColumn('session', 'text')
        .addColumn('api_key', 'text')
        .addColumn('decision_ms', 'double precision', (column) => column.notNull())
        .addColumn('judge_cost_usd', 'double precision')
        .addColumn('judge_asked', 'integer', (column) => column.notNull())
        .addColumn('text', 'text', (column) => column.notNull())
        .addColumn('document', 'text', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('decisions_at').on('decisions').columns(['at', 'id']).execute();
      await db.schema
        .createTable('outcomes')
        .addColumn('decision_id', 'text', (column) =>
          column.primaryKey().references('decisions.id').onDelete('cascade'),
        )
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('status', 'text', (column) => column.notNull())
        .addColumn('model', 'text')
        .addColumn('escalated', 'integer', (column) => column.notNull())
        .addColumn('rejected', 'integer', (column) => column.notNull())
        .addColumn('input_tokens', 'bigint', (column) => column.notNull())
        .addColumn('output_tokens', 'bigint', (column) => column.notNull())
        .addColumn('cached_input_tokens', 'bigint', (column) => column.notNull())
        .addColumn('reasoning_tokens', 'bigint', (column) => column.notNull())
        .addColumn('cost_usd', 'double precision')
        .addColumn('baseline_cost_usd', 'double precision')
        .addColumn('latency_ms', 'double precision', (column) => column.notNull())
        .addColumn('document', 'text', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('feedback')
        .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
        .addColumn('id', 'text', (column) => column.notNull().unique())
        .addColumn('decision_id', 'text', (column) =>
          column.notNull().references('decisions.id').onDelete('cascade'),
        )
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('rating', 'text')
        .addColumn('score', 'double precision')
        .addColumn('tier', 'text')
        .addColumn('comment', 'text')
        .addColumn('api_key', 'text')
        .addColumn('ended_at', 'bigint')
        .execute();
      await sql`create unique index feedback_live on feedback (decision_id, kind) where ended_at is null`.execute(
        db,
      );
    },
  },
};

/** Brings the database to the newest schema; a failed migration leaves it as it was and rejects. */
export async function migrate<T>(db: Kysely<T>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
