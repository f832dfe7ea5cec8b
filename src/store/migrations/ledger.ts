import type { Kysely, Migration } from 'kysely';
import { addColumn } from './add-column.ts';

/** Requests from before it have no rows: what they cost stands in their outcomes. */
export const ledgerMigration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await addColumn(db, 'outcomes', 'baseline_model');
    await db.schema
      .createTable('ledger')
      .ifNotExists()
      .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('request', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('position', 'integer', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('api_key', 'text')
      .addColumn('key_name', 'text')
      .addColumn('team', 'text')
      .addColumn('end_user', 'text')
      .addColumn('session', 'text')
      .addColumn('route', 'text')
      .addColumn('requested_model', 'text', (column) => column.notNull())
      .addColumn('requested_tier', 'text')
      .addColumn('decided_tier', 'text', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('provider', 'text', (column) => column.notNull())
      .addColumn('tier', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('input_tokens', 'bigint')
      .addColumn('output_tokens', 'bigint')
      .addColumn('cached_input_tokens', 'bigint')
      .addColumn('cache_write_tokens', 'bigint')
      .addColumn('cache_write_1h_tokens', 'bigint')
      .addColumn('reasoning_tokens', 'bigint')
      .addColumn('price', 'text')
      .addColumn('price_as_of', 'text')
      .addColumn('cost_picos', 'bigint')
      .addColumn('estimate_picos', 'bigint')
      .addColumn('compared', 'integer', (column) => column.notNull())
      .addColumn('counterfactual_model', 'text')
      .addColumn('counterfactual_picos', 'bigint')
      .addColumn('batch_eligible', 'integer', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('ledger_call')
      .ifNotExists()
      .unique()
      .on('ledger')
      .columns(['request', 'kind', 'position'])
      .execute();
    await db.schema.createIndex('ledger_at').ifNotExists().on('ledger').columns(['at', 'request']).execute();
  },
};
