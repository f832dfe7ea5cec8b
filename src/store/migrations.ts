/** Named, ordered migrations. One that has landed is never changed; a change of the schema is a new one. */
import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import { addColumn } from './migrations/add-column.ts';
import { apiKeysMigration } from './migrations/api-keys.ts';
import { ledgerMigration } from './migrations/ledger.ts';

interface UsersTables {
  decisions: { id: string; end_user: string | null; document: string };
}

const PAGE = 500;

/** Until now the end user stood in the document alone. */
async function fillUsers(db: Kysely<UsersTables>): Promise<void> {
  for (let after = ''; ; ) {
    const page = await db
      .selectFrom('decisions')
      .select(['id', 'document'])
      .where('id', '>', after)
      .where('document', 'like', '%"user":%')
      .orderBy('id')
      .limit(PAGE)
      .execute();
    for (const { id, document } of page) {
      const { user } = JSON.parse(document) as { user?: unknown };
      if (typeof user !== 'string') continue;
      await db.updateTable('decisions').set({ end_user: user }).where('id', '=', id).execute();
    }
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.id;
  }
}

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
  '0002_users_retries_outcomes': {
    async up(db: Kysely<unknown>): Promise<void> {
      await addColumn(db, 'decisions', 'end_user');
      await addColumn(db, 'decisions', 'text_hash');
      await addColumn(db, 'feedback', 'outcome');
      await fillUsers(db as Kysely<UsersTables>);
      for (const [name, columns] of Object.entries({
        decisions_user: ['end_user'],
        decisions_session: ['session'],
        decisions_text: ['text_hash', 'at'],
      })) {
        await db.schema.createIndex(name).ifNotExists().on('decisions').columns(columns).execute();
      }
    },
  },
  // What was decided before counts for no classifier: the columns are for comparing bundles that serve now.
  '0003_classifiers': {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const name of ['classifier', 'classified_tier', 'shadow_classifier', 'shadow_tier']) {
        await addColumn(db, 'decisions', name);
      }
      await db.schema
        .createIndex('decisions_classifier')
        .ifNotExists()
        .on('decisions')
        .columns(['classifier', 'at'])
        .execute();
    },
  },
  /** Decisions from before it stay without these: drift is read off the last windows only. */
  '0004_drift': {
    async up(db: Kysely<unknown>): Promise<void> {
      await addColumn(db, 'decisions', 'prompt_tokens', 'bigint');
      await addColumn(db, 'decisions', 'confidence', 'double precision');
      await addColumn(db, 'decisions', 'judge_tier');
      await addColumn(db, 'decisions', 'facts');
    },
  },
  '0005_ledger': ledgerMigration,
  '0006_api_keys': apiKeysMigration,
  '0007_tokens': {
    async up(db: Kysely<unknown>): Promise<void> {
      await addColumn(db, 'decisions', 'token_bucket');
    },
  },
  /** Checks from before it belong to no validator, and count against no validator's budget. */
  '0008_checks': {
    async up(db: Kysely<unknown>): Promise<void> {
      await addColumn(db, 'ledger', 'validator');
    },
  },
};

/** Brings the database to the newest schema; a failed migration leaves it as it was and rejects. */
export async function migrate<T>(db: Kysely<T>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
