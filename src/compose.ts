/** The composition root: the only file that knows every adapter. */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Express } from 'express';
import { Agent } from 'undici';
import { createAbsentJudge, createNanoJudge } from './classifiers/nano.ts';
import { createRulesClassifier } from './classifiers/rules.ts';
import { createTokenKeeper } from './classifiers/token-text.ts';
import { bundlePath, composeClassifiers, type OpenClassifier } from './compose-classifiers.ts';
import { type Config, ConfigError, type ResolvedProvider } from './config/load.ts';
import type { Clock, Dialect, Judge, Logger, Provider, Store, Validator } from './core/ports.ts';
import type { ModelSpec } from './core/routing.ts';
import { createAnthropicMessagesDialect, createDialects, createOpenAiChatDialect } from './dialects/index.ts';
import { createApp } from './http/app.ts';
import type { ReloadReport } from './http/deps.ts';
import { createDemoProvider, DEMO_PROVIDER, demoModels } from './providers/demo.ts';
import { createRetry, withBreaker, withBulkhead } from './providers/resilience.ts';
import { createUpstream } from './providers/upstream.ts';
import { costOf } from './routing/cost.ts';
import { createDecide, type DecideDeps } from './routing/decide.ts';
import { createExecute } from './routing/execute.ts';
import { explore } from './routing/explore.ts';
import { createHandle } from './routing/handle.ts';
import { countInFlight } from './routing/in-flight.ts';
import { redact } from './routing/redact.ts';
import { startSummary } from './start-summary.ts';
import { startRetention } from './store/retention.ts';
import { openSqliteStore } from './store/sqlite.ts';
import { createValidator } from './validators/index.ts';

export interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1, as Math.random. */
  readonly random: () => number;
  readonly version: string;
  /** How a bundle is opened; by default as an ONNX bundle. */
  readonly openClassifier?: OpenClassifier;
}

export interface Router {
  readonly app: Express;
  readonly store: Store;
  /** For people, at start: which classifier, judge and model serves what. */
  readonly summary: readonly string[];
  /** Loads the classifier bundle anew; never rejects, and logs how it went. */
  reload(): Promise<ReloadReport>;
  /** From now on `/readyz` says no, so that a balancer sends nothing new. */
  drain(): void;
  /** Closes the store, the classifier and the connections. Idempotent. */
  close(): Promise<void>;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

interface Providers {
  readonly models: readonly ModelSpec[];
  /** Nothing is configured, the built-in demo provider answers. */
  readonly demo: boolean;
  readonly byId: ReadonlyMap<string, Provider>;
  readonly close: () => Promise<void>;
}

/** The codec of a provider, with what it and its models refuse. */
function composeDialect(provider: ResolvedProvider, models: readonly ModelSpec[]): Dialect {
  const refused = new Map(
    models
      .filter((model) => model.provider === provider.id)
      .map((model) => [model.upstreamModel, [...provider.refuses, ...(model.refuses ?? [])]]),
  );
  const refuses = (upstreamModel: string): readonly string[] =>
    refused.get(upstreamModel) ?? provider.refuses;
  if (provider.dialect === 'anthropic-messages') return createAnthropicMessagesDialect({ refuses });
  const { output_limit_field: outputLimitField } = provider;
  return createOpenAiChatDialect({ refuses, ...(outputLimitField ? { outputLimitField } : {}) });
}

function composeProviders(config: Config, { clock }: Surroundings): Providers {
  const agent = new Agent({ connect: { timeout: 10_000 }, keepAliveTimeout: 30_000 });
  const { breaker_failures: failures, breaker_cooldown_ms: cooldownMs } = config.execution;
  const compose = (provider: ResolvedProvider): Provider => {
    const upstream = createUpstream({
      id: provider.id,
      dialect: composeDialect(provider, config.models),
      baseUrl: provider.base_url,
      apiKey: () => provider.apiKey,
      headers: provider.headers,
      timeoutMs: provider.timeout_ms,
      firstByteTimeoutMs: provider.first_byte_timeout_ms,
      idleTimeoutMs: provider.idle_timeout_ms,
      dispatcher: agent,
      clock,
    });
    return withBreaker(withBulkhead(upstream, provider.max_concurrent), { failures, cooldownMs });
  };
  const byId = new Map(config.providers.map((provider) => [provider.id, compose(provider)]));
  const demo = config.models.length === 0;
  if (demo) {
    const now = (): number => clock.now();
    byId.set(
      DEMO_PROVIDER,
      createDemoProvider({ dialect: createOpenAiChatDialect(), newId: randomUUID, now }),
    );
  }
  return { models: demo ? demoModels() : config.models, demo, byId, close: () => agent.close() };
}

/** The model that is asked in doubt: the named one, or the cheapest real one of the simple tier. */
function judgeModel(config: Config, models: readonly ModelSpec[]): ModelSpec | undefined {
  const { model } = config.judge;
  if (model === 'none') return undefined;
  if (model !== 'auto') return models.find((candidate) => candidate.id === model);
  const price = (candidate: ModelSpec): number => candidate.price?.input ?? Number.POSITIVE_INFINITY;
  return models
    .filter((candidate) => candidate.tier === 'simple' && candidate.provider !== DEMO_PROVIDER)
    .sort((a, b) => price(a) - price(b))[0];
}

function composeJudge(
  config: Config,
  model: ModelSpec | undefined,
  providers: Providers,
  store: Store,
  clock: Clock,
): Judge {
  const provider = model && providers.byId.get(model.provider);
  if (!model || !provider) return createAbsentJudge();
  return createNanoJudge({
    model,
    provider,
    timeoutMs: config.judge.timeout_ms,
    cacheEntries: config.judge.cache_entries,
    cacheTtlMs: config.judge.cache_ttl_s * 1_000,
    breakerFailures: config.judge.breaker_failures,
    breakerCooldownMs: config.judge.breaker_cooldown_ms,
    dailyBudgetUsd: config.judge.daily_budget_usd,
    spent: (since) => store.judgeSpend(since),
    costOf: (usage) => costOf(model.price, usage),
    clock,
  });
}

function composeValidators(config: Config): ReadonlyMap<string, Validator> {
  return new Map(
    Object.entries(config.validators).map(([name, spec]) => {
      try {
        return [name, createValidator(name, spec)] as const;
      } catch (error) {
        throw unusable(config, `validators.${name}`, error);
      }
    }),
  );
}

async function openStore(config: Config): Promise<Store> {
  try {
    return await openSqliteStore(config.store.path);
  } catch (error) {
    throw unusable(config, `store.path: "${config.store.path}" cannot be opened`, error);
  }
}

/** What the schema lets pass and the thing itself refuses. */
function unusable(config: Config, what: string, error: unknown): ConfigError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ConfigError(config.file ?? 'The configuration', [`${what}: ${reason}`]);
}

/** What is kept of a text. Where ids are wanted and no tokenizer loads nothing is kept, rather than the words. */
function composeKeepText(config: Config, logger: Logger): (text: string) => string {
  switch (config.store.text) {
    case 'full':
      return (text) => text;
    case 'redacted':
      return redact;
    case 'none':
      return () => '';
    case 'features':
      try {
        const ids = createTokenKeeper(bundlePath(config.classifier.bundle));
        return (text) => ids(redact(text));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        logger.error(
          { reason },
          'store.text is `features` and no tokenizer loads: NO TEXT IS KEPT until a restart',
        );
        return () => '';
      }
  }
}

/** Longest wait for the outcomes of requests that were cut off when draining had lasted long enough. */
const LAST_RECORDS_MS = 2_000;

/** Builds the router from its configuration. Rejects with ConfigError where the store or a validator is of no use. */
export async function composeRouter(config: Config, surroundings: Surroundings): Promise<Router> {
  const { clock, logger, random, version } = surroundings;
  const validators = composeValidators(config);
  const providers = composeProviders(config, surroundings);
  const { models, demo } = providers;
  const store = await openStore(config);
  const classifiers = await composeClassifiers(config, {
    store,
    clock,
    logger,
    open: surroundings.openClassifier,
  });
  const judging = judgeModel(config, models);
  const deciding: DecideDeps = {
    classifier: ({ session }) => classifiers.pick(session),
    fallbackClassifier: createRulesClassifier(),
    judge: composeJudge(config, judging, providers, store, clock),
    models,
    routes: config.routes,
    expectedOutputTokens: config.execution.expected_output_tokens,
    ...(config.classifier.doubt_below === undefined ? {} : { doubtBelow: config.classifier.doubt_below }),
    clock,
    newId: () => `dec_${randomUUID()}`,
    logger,
  };
  const { rate, allow_down: allowDown } = config.exploration;
  const exploring: Pick<DecideDeps, 'explore'> =
    rate > 0 ? { explore: (tier) => explore(tier, { rate, allowDown }, random()) } : {};
  const decide = createDecide({
    ...deciding,
    ...exploring,
    classifier: ({ session, decision }) => classifiers.pick(session ?? decision),
  });
  const execute = createExecute({
    models,
    provider: (id) => providers.byId.get(id),
    validators: (names) => names.flatMap((name) => validators.get(name) ?? []),
    retry: createRetry(config.execution.retries, random),
    clock,
    maxAttempts: config.execution.max_attempts,
    deadlineMs: config.execution.deadline_ms,
  });
  const keepText = composeKeepText(config, logger);
  const { handle, idle } = countInFlight(
    createHandle({ decide, execute, store, models, clock, logger, keepText, observe: classifiers.observe }),
  );
  const { retention_days: days } = config.store;
  const retention = days === undefined ? undefined : startRetention({ store, days, clock, logger });
  let draining = false;
  const notReady = async (): Promise<Record<string, string>> => {
    const failure = await store.ping().then(
      () => undefined,
      () => 'cannot be read and written',
    );
    return { ...(failure ? { store: failure } : {}), ...(draining ? { server: 'draining' } : {}) };
  };
  const app = createApp({
    handle,
    decide: createDecide(deciding),
    dialects: createDialects(),
    store,
    models,
    clock,
    logger,
    bodyLimitBytes: config.server.body_limit_mb * 1024 * 1024,
    notReady,
    lineup: classifiers.report,
    reload: classifiers.reload,
    adminRemote: config.admin.remote,
    version,
  });
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    await Promise.race([idle(), setTimeout(LAST_RECORDS_MS, undefined, { ref: false })]);
    await Promise.all([classifiers.close(), retention?.stop()]);
    await Promise.all([store.close(), providers.close()]);
  };
  return {
    app,
    store,
    summary: startSummary(config, {
      models,
      demo,
      classifier: classifiers.report().serving ?? undefined,
      judge: judging,
    }),
    reload: classifiers.reload,
    drain: () => {
      draining = true;
    },
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}

export interface LabelJudge {
  readonly judge: Judge;
  /** The model that is asked. */
  readonly model: string;
  /** USD spent so far, as far as prices are known. */
  spent(): number;
  close(): Promise<void>;
}

/**
 * The judge alone, for labelling rows offline: the named model, or the one the configuration would ask in doubt,
 * within `budgetUsd` and `timeoutMs` a row. Throws an Error where no such model is configured.
 */
export function composeLabelJudge(
  config: Config,
  surroundings: Surroundings,
  {
    model: id,
    budgetUsd,
    timeoutMs,
  }: { readonly model?: string; readonly budgetUsd: number; readonly timeoutMs: number },
): LabelJudge {
  const providers = composeProviders(config, surroundings);
  const wanted: Config = { ...config, judge: { ...config.judge, model: id ?? config.judge.model } };
  const model = judgeModel(wanted, providers.models);
  const provider = model && providers.byId.get(model.provider);
  if (!model || !provider) {
    const known = config.models.map((candidate) => candidate.id).join(', ') || 'none';
    throw new Error(`no model to judge with${id ? ` is called "${id}"` : ''}; configured are: ${known}`);
  }
  let spent = 0;
  const judge = createNanoJudge({
    model,
    provider,
    timeoutMs,
    cacheEntries: 0,
    cacheTtlMs: 0,
    breakerFailures: config.judge.breaker_failures,
    breakerCooldownMs: config.judge.breaker_cooldown_ms,
    dailyBudgetUsd: budgetUsd,
    spent: async () => spent,
    costOf: (usage) => {
      const cost = costOf(model.price, usage);
      spent += cost ?? 0;
      return cost;
    },
    clock: surroundings.clock,
  });
  return { judge, model: model.id, spent: () => spent, close: providers.close };
}
