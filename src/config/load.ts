/** Reads the configuration: built-in catalog, then the file, then the environment. The only reader of `process.env`. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import type { ApiKey } from '../core/access.ts';
import type { ModelSpec } from '../core/routing.ts';
import { configuredKeys } from './access-keys.ts';
import { counterfactualProblems, priceOf } from './money.ts';
import { referPolicy } from './policy.ts';
import { describeProblems, nearest } from './problems.ts';
import { type ConfigFile, configSchema, type ModelConfig, type ProviderConfig } from './schema.ts';
import type { ValidatorConfig } from './sections/validator.ts';
import { hookSecrets, namedValidators, validatorProblems } from './validators.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with the configuration, one line a problem. Written for the person who starts the server. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(origin: string, problems: readonly string[]) {
    super(`${origin} is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** What the schema lets pass and the thing itself refuses. */
export function unusable(config: Pick<Config, 'file'>, what: string, error: unknown): ConfigError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ConfigError(config.file ?? 'The configuration', [`${what}: ${reason}`]);
}

export interface ResolvedProvider extends ProviderConfig {
  readonly id: string;
  /** The keys themselves, several where they are a pool; empty where none is needed. Never logged. */
  readonly apiKeys: readonly string[];
}

export interface Config extends Omit<ConfigFile, 'providers' | 'models' | 'validators' | 'builtin_catalog'> {
  /** Path of the file, absent where the defaults are used. */
  readonly file?: string;
  /** Providers that can be called: those whose key is there or needs none. */
  readonly providers: readonly ResolvedProvider[];
  /** Models of those providers. */
  readonly models: readonly ModelSpec[];
  /** Models left out because their provider's key is missing. */
  readonly unavailable: readonly { readonly model: string; readonly missing: string }[];
  /** The file names providers or models of its own: the demo must not answer in their place. */
  readonly namesUpstreams: boolean;
  /** All validators by name, those that need no settings included. */
  readonly validators: Readonly<Record<string, ValidatorConfig>>;
  /** Secrets of webhook validators by the validator's name. Never logged. */
  readonly hookSecrets: Readonly<Record<string, string>>;
  /** API keys of the configuration, by their hashes. */
  readonly apiKeys: readonly ApiKey[];
}

/** Name of the default file, looked for in the working directory. */
const DEFAULT_CONFIG_FILE = 'router.config.yaml';

const catalogSchema = configSchema.pick({ providers: true, models: true });
const environmentSchema = z.object({
  PORT: z.coerce.number('must be a number').int().min(0).max(65_535).optional(),
  HOST: z.string().min(1).optional(),
  ROUTER_STORE: z.string().min(1).optional(),
  ROUTER_MODEL: z.string().min(1).optional(),
});

function readYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8')) ?? {};
  } catch (error) {
    if (error instanceof YAMLParseError) throw new ConfigError(path, [error.message]);
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new ConfigError(path, [`cannot be read (${reason})`]);
  }
}

function validated<T>(schema: z.ZodType<T>, value: unknown, origin: string): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ConfigError(origin, describeProblems(schema, parsed.error));
  return parsed.data;
}

function catalog(): Pick<ConfigFile, 'providers' | 'models'> {
  const path = fileURLToPath(new URL('./catalog.yaml', import.meta.url));
  return validated(catalogSchema, readYaml(path), path);
}

function modelSpec(model: ModelConfig): ModelSpec {
  const { price } = model;
  return {
    id: model.id,
    provider: model.provider,
    upstreamModel: model.upstream_model ?? model.id,
    tier: model.tier,
    contextWindow: model.context_window,
    ...(model.max_output_tokens === undefined ? {} : { maxOutputTokens: model.max_output_tokens }),
    ...(price === undefined ? {} : { price: priceOf(price) }),
    capabilities: {
      tools: model.tools,
      vision: model.vision,
      json: model.json,
      streaming: model.streaming,
      jsonSchema: model.json_schema ?? model.json,
      parallelTools: model.parallel_tools ?? model.tools,
      logprobs: model.logprobs,
    },
    refuses: model.refuses,
    aliases: model.aliases,
    ownOutputWindow: model.own_output_window,
    ...(model.quality === undefined ? {} : { quality: model.quality }),
  };
}

/** References between entries that the schema alone cannot see. */
function crossCheck(
  file: ConfigFile,
  models: readonly ModelConfig[],
  providers: readonly string[],
): string[] {
  const problems: string[] = [];
  const ids = models.map((model) => model.id);
  const refer = (field: string, name: string, known: readonly string[], what: string): void => {
    if (known.includes(name)) return;
    const meant = nearest(name, known);
    problems.push(`${field}: no ${what} "${name}"${meant ? `, did you mean "${meant}"?` : ''}`);
  };
  file.models.forEach((model, index) => {
    refer(`models[${index}].provider`, model.provider, providers, 'provider');
    if (file.models.findIndex((other) => other.id === model.id) !== index) {
      problems.push(`models[${index}].id: "${model.id}" is there twice`);
    }
    if (model.id === 'auto' || model.id.startsWith('auto:')) {
      problems.push(`models[${index}].id: "${model.id}" is reserved for routing`);
    }
  });
  referPolicy(file, ids, refer);
  file.routes.forEach((route, index) => {
    if (route.model !== undefined) refer(`routes[${index}].model`, route.model, ids, 'model');
  });
  file.access.keys.forEach((key, index) => {
    key.models?.forEach((model, position) => {
      refer(`access.keys[${index}].models[${position}]`, model, ids, 'model');
    });
  });
  problems.push(...counterfactualProblems(file, ids));
  const judge = file.judge.model;
  if (judge !== 'auto' && judge !== 'none') refer('judge.model', judge, ids, 'model');
  return problems;
}

function resolve(file: ConfigFile, env: Environment, origin: string): Omit<Config, 'file'> {
  const base = file.builtin_catalog ? catalog() : { providers: {}, models: [] };
  const providers = { ...base.providers, ...file.providers };
  const own = new Set(file.models.map((model) => model.id));
  const models = [...file.models, ...base.models.filter((model) => !own.has(model.id))];
  const problems = crossCheck(file, models, Object.keys(providers));
  problems.push(
    ...validatorProblems(
      file,
      models.map((model) => model.id),
      env,
    ),
  );
  const { keys: apiKeys, problems: keyProblems } = configuredKeys(file.access.keys, env);
  problems.push(...keyProblems);
  if (problems.length > 0) throw new ConfigError(origin, problems);

  const usable: ResolvedProvider[] = [];
  const missing = new Map<string, string>();
  for (const [id, provider] of Object.entries(providers)) {
    const variables = [provider.key_env ?? []].flat();
    const apiKeys = [...new Set(variables.flatMap((name) => env[name] || []))];
    if (variables.length > 0 && apiKeys.length === 0) missing.set(id, variables.join(' or '));
    else usable.push({ ...provider, id, apiKeys });
  }
  const { builtin_catalog: _, ...rest } = file;
  return {
    ...rest,
    validators: namedValidators(file.validators),
    hookSecrets: hookSecrets(file, env),
    apiKeys,
    providers: usable,
    models: models.filter((model) => !missing.has(model.provider)).map(modelSpec),
    namesUpstreams: file.models.length > 0 || Object.keys(file.providers).length > 0,
    unavailable: models.flatMap((model) => {
      const variable = missing.get(model.provider);
      return variable === undefined ? [] : [{ model: model.id, missing: variable }];
    }),
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

export interface LoadOptions {
  readonly env: Environment;
  /** `--config`; wins over `ROUTER_CONFIG`. */
  readonly path?: string;
  /** Folder in which the default file is looked for. */
  readonly cwd?: string;
}

/**
 * Loads, checks and freezes the configuration.
 * A named file must exist; the default file may be missing. Throws ConfigError.
 */
export function loadConfig(options: LoadOptions): Config {
  const { env } = options;
  const named = options.path ?? (env.ROUTER_CONFIG || undefined);
  const fallback = `${options.cwd ?? process.cwd()}/${DEFAULT_CONFIG_FILE}`;
  const path = named ?? (existsSync(fallback) ? fallback : undefined);
  const origin = path ?? 'The configuration';
  const file = validated(configSchema, path === undefined ? {} : readYaml(path), origin);
  const variables = validated(environmentSchema, emptyAsAbsent(env), 'The environment');
  const config = resolve(file, env, origin);
  return deepFreeze({
    ...config,
    ...(path === undefined ? {} : { file: path }),
    server: {
      ...config.server,
      ...(variables.PORT === undefined ? {} : { port: variables.PORT }),
      ...(variables.HOST === undefined ? {} : { host: variables.HOST }),
    },
    store: { ...config.store, ...(variables.ROUTER_STORE ? { path: variables.ROUTER_STORE } : {}) },
    classifier: {
      ...config.classifier,
      ...(variables.ROUTER_MODEL ? { bundle: variables.ROUTER_MODEL } : {}),
    },
  });
}

function emptyAsAbsent(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}
