/** Keys, limits and who is asked for one, from configuration. */
import type { Kysely } from 'kysely';
import { createKeyAdmin } from './access/api-key.ts';
import { createFailureLimit } from './access/failure-limit.ts';
import { createKeyRing } from './access/key-ring.ts';
import { createRateLimits } from './access/rate-limits.ts';
import { type Config, ConfigError } from './config/load.ts';
import type { ApiKey, KeyLimits, KeyRing } from './core/access.ts';
import type { Clock } from './core/ports.ts';
import type { HttpAccess } from './http/access.ts';
import { OPEN_PATHS } from './http/openapi.ts';
import { createSqlKeyStore } from './store/keys.ts';
import type { Tables } from './store/schema.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;

const KEYLESS = `would answer other machines without asking who they are, because there is no API key. Do one of these:
      npm run keys -- create --name NAME     create a key, which is shown once
      ROUTER_API_KEY=KEY                     set one in the environment (openssl rand -hex 32 draws one)
      access.auth: required                  start without a key, create one later
      access.auth: off                       ask nobody: only where something in front of the router does`;

export interface Access {
  readonly http: HttpAccess;
  /** For people, at start. */
  readonly summary: readonly string[];
}

function defaultLimits(config: Config): KeyLimits {
  const { requests_per_minute, tokens_per_minute, concurrent } = config.access.limits;
  return {
    ...(requests_per_minute === undefined ? {} : { requestsPerMinute: requests_per_minute }),
    ...(tokens_per_minute === undefined ? {} : { tokensPerMinute: tokens_per_minute }),
    ...(concurrent === undefined ? {} : { concurrent }),
  };
}

/** What cannot be meant: a router open to everybody that nobody asked for. Throws ConfigError. */
async function authOf(config: Config, keyRing: KeyRing): Promise<HttpAccess['auth']> {
  const { auth } = config.access;
  const origin = config.file ?? 'The configuration';
  if (auth === 'off' && config.admin.remote) {
    throw new ConfigError(origin, [
      'admin.remote: needs keys, and access.auth: off asks for none. Set access.auth to required, or admin.remote to false.',
    ]);
  }
  if (auth !== 'auto') return auth;
  if (LOOPBACK.test(config.server.host)) return 'local';
  if (await keyRing.any()) return 'required';
  throw new ConfigError(origin, [`server.host: ${config.server.host} ${KEYLESS}`]);
}

function summaryOf(auth: HttpAccess['auth'], keyed: boolean, host: string): string[] {
  if (auth === 'off') {
    return LOOPBACK.test(host)
      ? ['keys: nobody is asked for one']
      : [`OPEN: whoever reaches ${host} is answered without a key (access.auth: off)`];
  }
  if (keyed) return ['keys: every request needs one'];
  return auth === 'local'
    ? ['keys: none yet, programs of this machine are answered without one']
    : ['keys: NONE YET, every request is refused (npm run keys -- create)'];
}

/** Budgets of keys and teams that no key belongs to: a misspelt name would bind nobody. */
function boundToNobody({ budgets }: Config, keys: readonly ApiKey[]): string[] {
  const names = new Set(keys.flatMap(({ name, key }) => [name, key]));
  const teams = new Set(keys.map(({ team }) => team));
  return [
    ...Object.keys(budgets.keys).flatMap((name) =>
      names.has(name) ? [] : [`NO SUCH KEY: budgets.keys.${name} binds nobody until a key has this name`],
    ),
    ...Object.keys(budgets.teams).flatMap((team) =>
      teams.has(team) ? [] : [`NO SUCH TEAM: budgets.teams.${team} binds nobody until a key belongs to it`],
    ),
  ];
}

/** Composes authentication. Rejects with ConfigError where the router would be open by mistake. */
export async function composeAccess(config: Config, db: Kysely<Tables>, clock: Clock): Promise<Access> {
  const store = createSqlKeyStore(db);
  const keyRing = createKeyRing({ configured: config.apiKeys, store, clock });
  const auth = await authOf(config, keyRing);
  const keys = [...config.apiKeys, ...(await store.list())];
  return {
    http: {
      auth,
      keyRing,
      keys: createKeyAdmin(store, clock),
      limits: createRateLimits(defaultLimits(config)),
      countFailure: createFailureLimit(config.access.failed_auth_per_minute).count,
      openPaths: [...OPEN_PATHS, ...config.access.public],
      corsOrigins: config.server.cors_origins,
    },
    summary: [
      ...summaryOf(auth, await keyRing.any(), config.server.host),
      ...(auth === 'off' ? [] : boundToNobody(config, keys)),
    ],
  };
}
