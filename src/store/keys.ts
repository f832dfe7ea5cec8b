/** API keys on any SQL database the query builder speaks. */
import type { Kysely, Selectable } from 'kysely';
import type { ApiKey, KeyStore } from '../core/access.ts';
import { RouterError } from '../core/errors.ts';
import type { ApiKeysTable, Tables } from './schema.ts';

type Rights = Pick<ApiKey, 'scopes' | 'models' | 'tiers' | 'limits' | 'budget'>;

function keyOf(row: Selectable<ApiKeysTable>): ApiKey {
  return {
    ...(JSON.parse(row.rights) as Rights),
    key: row.label,
    sha256: row.sha256,
    name: row.name,
    createdAt: Number(row.created_at),
    ...(row.team === null ? {} : { team: row.team }),
    ...(row.expires_at === null ? {} : { expiresAt: Number(row.expires_at) }),
    ...(row.revoked_at === null ? {} : { revokedAt: Number(row.revoked_at) }),
  };
}

function rowOf(key: ApiKey): Selectable<ApiKeysTable> {
  const { scopes, models, tiers, limits, budget } = key;
  return {
    sha256: key.sha256,
    label: key.key,
    name: key.name,
    team: key.team ?? null,
    created_at: key.createdAt,
    expires_at: key.expiresAt ?? null,
    revoked_at: key.revokedAt ?? null,
    rights: JSON.stringify({ scopes, models, tiers, limits, budget }),
  };
}

/** A KeyStore over an open, migrated database, which it does not close. */
export function createSqlKeyStore(db: Kysely<Tables>): KeyStore {
  const byLabel = (label: string) =>
    db.selectFrom('api_keys').selectAll().where('label', '=', label).executeTakeFirst();
  return {
    async create(key) {
      const { numInsertedOrUpdatedRows: added } = await db
        .insertInto('api_keys')
        .values(rowOf(key))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (!added) throw new RouterError('invalid_request', 'This key is already there.');
    },
    async findByHash(sha256) {
      const row = await db.selectFrom('api_keys').selectAll().where('sha256', '=', sha256).executeTakeFirst();
      return row && keyOf(row);
    },
    async list() {
      const rows = await db
        .selectFrom('api_keys')
        .selectAll()
        .orderBy('created_at')
        .orderBy('label')
        .execute();
      return rows.map(keyOf);
    },
    async revoke(label, at) {
      await db
        .updateTable('api_keys')
        .set({ revoked_at: at })
        .where('label', '=', label)
        .where('revoked_at', 'is', null)
        .execute();
      const row = await byLabel(label);
      return row && keyOf(row);
    },
    async any() {
      return (await db.selectFrom('api_keys').select('label').limit(1).executeTakeFirst()) !== undefined;
    },
  };
}
