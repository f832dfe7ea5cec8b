/**
 * Creates, lists and revokes API keys, beside a running server as well.
 *
 *     npm run keys -- create --name NAME [--team TEAM] [--scopes chat,read] [--models a,b] [--tiers simple,moderate]
 *                     [--expires 2027-01-01 | 90d] [--rpm N] [--tpm N] [--concurrent N] [--budget-day USD] [--budget-month USD]
 *     npm run keys -- list [--all] [--json]
 *     npm run keys -- revoke ID
 *
 * `create` prints the key once; only its hash is kept. A key that is found somewhere has as its ID
 * `printf %s "$KEY" | sha256sum | cut -c1-16`. To rotate a key, create its successor, hand it out, revoke the old one.
 * Exits with 1 where a key is not found, 2 on a wrong call.
 */
import { Command, InvalidArgumentError } from 'commander';
import { createKeyAdmin } from '../src/access/api-key.ts';
import { loadConfig } from '../src/config/load.ts';
import { type ApiKey, KEY_SCOPES, type KeyAdmin, type NewApiKey } from '../src/core/access.ts';
import { isTier, TIERS } from '../src/core/tier.ts';
import { createSqlKeyStore } from '../src/store/keys.ts';
import { openSqliteDatabase } from '../src/store/sqlite.ts';
import { systemClock } from '../src/surroundings.ts';

const DAY_MS = 86_400_000;

interface CreateOptions {
  readonly name: string;
  readonly team?: string;
  readonly scopes: readonly string[];
  readonly models?: readonly string[];
  readonly tiers?: readonly string[];
  readonly expires?: number;
  readonly rpm?: number;
  readonly tpm?: number;
  readonly concurrent?: number;
  readonly budgetDay?: number;
  readonly budgetMonth?: number;
}

const list = (text: string): string[] => text.split(',').map((part) => part.trim());

/** A list whose every entry is one of `allowed`. */
function listOf(allowed: readonly string[]): (text: string) => string[] {
  return (text) => {
    const parts = list(text);
    const wrong = parts.find((part) => !allowed.includes(part));
    if (wrong === undefined) return parts;
    throw new InvalidArgumentError(`"${wrong}" is none of ${allowed.join(', ')}.`);
  };
}

function amount(whole: boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text !== '' && value >= (whole ? 1 : 0) && (!whole || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(
      whole ? 'a whole number from 1 is needed.' : 'an amount from 0 is needed.',
    );
  };
}

/** `90d`, or a date or time in ISO 8601, as Unix milliseconds. */
function moment(text: string): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const at = days === undefined ? Date.parse(text) : systemClock.now() + Number(days) * DAY_MS;
  if (!Number.isFinite(at)) throw new InvalidArgumentError('a date such as 2027-01-01, or days such as 90d.');
  if (at <= systemClock.now()) throw new InvalidArgumentError('this is past.');
  return at;
}

function wanted(options: CreateOptions): NewApiKey {
  const { name, team, models, expires } = options;
  return {
    name,
    scopes: KEY_SCOPES.filter((scope) => options.scopes.includes(scope)),
    ...(team === undefined ? {} : { team }),
    ...(models === undefined ? {} : { models }),
    ...(options.tiers === undefined ? {} : { tiers: options.tiers.filter(isTier) }),
    ...(expires === undefined ? {} : { expiresAt: expires }),
    limits: {
      ...(options.rpm === undefined ? {} : { requestsPerMinute: options.rpm }),
      ...(options.tpm === undefined ? {} : { tokensPerMinute: options.tpm }),
      ...(options.concurrent === undefined ? {} : { concurrent: options.concurrent }),
    },
    budget: {
      ...(options.budgetDay === undefined ? {} : { dayUsd: options.budgetDay }),
      ...(options.budgetMonth === undefined ? {} : { monthUsd: options.budgetMonth }),
    },
  };
}

function stateOf(key: ApiKey, now: number): string {
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  if (key.revokedAt !== undefined) return `revoked ${day(key.revokedAt)}`;
  if (key.expiresAt === undefined) return 'live';
  return `${key.expiresAt <= now ? 'expired' : 'live until'} ${day(key.expiresAt)}`;
}

function rightsOf({ limits, budget, models, tiers }: ApiKey): string {
  const parts: readonly (readonly [string, string | number | undefined])[] = [
    ['models', models?.join(',')],
    ['tiers', tiers?.join(',')],
    ['rpm', limits?.requestsPerMinute],
    ['tpm', limits?.tokensPerMinute],
    ['concurrent', limits?.concurrent],
    ['usd/day', budget?.dayUsd],
    ['usd/month', budget?.monthUsd],
  ];
  return parts.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])).join(' ');
}

function lineOf(key: ApiKey): string {
  const cells = [key.key, stateOf(key, systemClock.now()), key.scopes.join(','), key.name, key.team ?? '-'];
  return [...cells, rightsOf(key)].join('\t').trimEnd();
}

/** Runs `work` on the keys of the store that the server uses too. */
async function withKeys(work: (keys: KeyAdmin) => Promise<void>): Promise<void> {
  const { store, config: path } = program.opts<{ store?: string; config?: string }>();
  const file = store ?? loadConfig({ env: process.env, ...(path === undefined ? {} : { path }) }).store.path;
  if (file === ':memory:')
    program.error('A store in memory keeps no keys; name them in access.keys.', { exitCode: 2 });
  const db = await openSqliteDatabase(file);
  try {
    await work(createKeyAdmin(createSqlKeyStore(db), systemClock));
  } finally {
    await db.destroy();
  }
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const program = new Command('keys')
  .description('Create, list and revoke API keys')
  .option('--store <file>', 'SQLite store (default: as the server finds it)')
  .option('--config <file>', 'configuration file (default: as the server finds it)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

program
  .command('create')
  .description('draw a key and show it, this once')
  .requiredOption('--name <name>', 'shown in lists and logs')
  .option('--team <team>', 'team whose budget it draws on')
  .option('--scopes <list>', `of ${KEY_SCOPES.join(', ')}`, listOf(KEY_SCOPES), ['chat'])
  .option('--models <list>', 'models it may use', list)
  .option('--tiers <list>', 'tiers it may be answered from', listOf(TIERS))
  .option('--expires <when>', 'a date, or days from now such as 90d', moment)
  .option('--rpm <n>', 'requests a minute', amount(true))
  .option('--tpm <n>', 'tokens a minute', amount(true))
  .option('--concurrent <n>', 'requests at once', amount(true))
  .option('--budget-day <usd>', 'most it may spend in a UTC day', amount(false))
  .option('--budget-month <usd>', 'most it may spend in a UTC month', amount(false))
  .action((options: CreateOptions) =>
    withKeys(async (keys) => {
      const { secret, key } = await keys.create(wanted(options));
      say(lineOf(key));
      say(`\nThe key, which is shown this once and kept nowhere:\n\n    ${secret}\n`);
    }),
  );

program
  .command('list')
  .description('live keys: ID, state, scopes, name, team, limits')
  .option('--all', 'expired and revoked ones too')
  .option('--json', 'one JSON object a line')
  .action(({ all, json }: { all?: boolean; json?: boolean }) =>
    withKeys(async (keys) => {
      const now = systemClock.now();
      const isLive = ({ revokedAt, expiresAt }: ApiKey): boolean =>
        revokedAt === undefined && (expiresAt === undefined || expiresAt > now);
      for (const key of await keys.list()) {
        const { sha256: _, ...shown } = key;
        if (all || isLive(key)) say(json ? JSON.stringify(shown) : lineOf(key));
      }
    }),
  );

program
  .command('revoke')
  .description('end a key, at once also in a running server')
  .argument('<id>', 'its ID, as `list` shows it')
  .action((id: string) =>
    withKeys(async (keys) => {
      const revoked = await keys.revoke(id);
      if (revoked) say(lineOf(revoked));
      else {
        process.stderr.write(`No key has the ID ${id}.\n`);
        process.exitCode = 1;
      }
    }),
  );

await program.parseAsync();
