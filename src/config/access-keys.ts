/** The keys of the configuration: read from the environment, known by their hash from then on. */
import { createHash } from 'node:crypto';
import { type ApiKey, labelOf } from '../core/access.ts';
import type { ConfigFile } from './schema.ts';

type KeyEntry = ConfigFile['access']['keys'][number];

/** What a person types or recalls is shorter; drawn by chance, so many characters cannot be guessed. */
const MIN_LENGTH = 20;

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function keyOf(entry: KeyEntry, hash: string): ApiKey {
  const { name, team, scopes, models, tiers, expires } = entry;
  const limits = {
    ...(entry.requests_per_minute === undefined ? {} : { requestsPerMinute: entry.requests_per_minute }),
    ...(entry.tokens_per_minute === undefined ? {} : { tokensPerMinute: entry.tokens_per_minute }),
    ...(entry.concurrent === undefined ? {} : { concurrent: entry.concurrent }),
  };
  const budget = {
    ...(entry.budget_day_usd === undefined ? {} : { dayUsd: entry.budget_day_usd }),
    ...(entry.budget_month_usd === undefined ? {} : { monthUsd: entry.budget_month_usd }),
  };
  return {
    key: labelOf(hash),
    sha256: hash,
    createdAt: 0,
    name,
    scopes,
    limits,
    budget,
    ...(team === undefined ? {} : { team }),
    ...(models === undefined ? {} : { models }),
    ...(tiers === undefined ? {} : { tiers }),
    ...(expires === undefined ? {} : { expiresAt: Date.parse(expires) }),
  };
}

/** The key itself as its hash, or what is wrong with it. */
function hashOf(field: string, variable: string, value: string | undefined): string | { problem: string } {
  if (!value) return { problem: `${field}: the environment variable ${variable} is not set` };
  if (value.length < MIN_LENGTH || /\s/.test(value)) {
    return {
      problem: `${field}: ${variable} must have at least ${MIN_LENGTH} characters and no blanks, e.g. from \`openssl rand -hex 32\``,
    };
  }
  return sha256(value);
}

export interface ConfiguredKeys {
  readonly keys: readonly ApiKey[];
  /** What is wrong, a line each. */
  readonly problems: readonly string[];
}

/** Every key that needs no store: those of the file, and `ROUTER_API_KEY`, which may call models. */
export function configuredKeys(
  entries: readonly KeyEntry[],
  env: Readonly<Record<string, string | undefined>>,
): ConfiguredKeys {
  const keys: ApiKey[] = [];
  const problems: string[] = [];
  const add = (field: string, entry: KeyEntry): void => {
    const { key_env: variable } = entry;
    const hash = entry.sha256 ?? hashOf(`${field}.key_env`, variable ?? '', env[variable ?? '']);
    if (typeof hash !== 'string') problems.push(hash.problem);
    else if (keys.some((other) => other.sha256 === hash))
      problems.push(`${field}: the same key is there twice`);
    else keys.push(keyOf(entry, hash));
  };
  for (const [index, entry] of entries.entries()) add(`access.keys[${index}]`, entry);
  if (env.ROUTER_API_KEY) {
    add('ROUTER_API_KEY', { name: 'ROUTER_API_KEY', key_env: 'ROUTER_API_KEY', scopes: ['chat'] });
  }
  return { keys, problems };
}
