/** The composition root: the only file that knows every adapter. */
import { setTimeout } from 'node:timers/promises';
import type { Express } from 'express';
import { composeAccess } from './compose-access.ts';
import { composeCache } from './compose-cache.ts';
import { composeClassifiers } from './compose-classifiers.ts';
import { composeDecide, composeOutputLengths } from './compose-decide.ts';
import { composeJudge, judgeModel } from './compose-judge.ts';
import { composeKeepText } from './compose-keep-text.ts';
import { composeMoney } from './compose-money.ts';
import { composeProviders } from './compose-providers.ts';
import { composeSessions } from './compose-sessions.ts';
import { composeValidators, spentOnChecks } from './compose-validators.ts';
import { type Config, unusable } from './config/load.ts';
import type { ProviderHealth } from './core/health.ts';
import type { Store } from './core/store.ts';
import { createDialects } from './dialects/index.ts';
import { createApp } from './http/app.ts';
import type { ReloadReport } from './http/deps.ts';
import { registerProviderMetrics } from './providers/metrics.ts';
import { createRetry } from './providers/retry.ts';
import { createTokenCounter } from './providers/token-counter.ts';
import { startAlarmWatch } from './routing/alarm-watch.ts';
import { ALARMS } from './routing/alarms.ts';
import { createCountRequest } from './routing/count-request.ts';
import { createExecute } from './routing/execute.ts';
import { createHandle } from './routing/handle.ts';
import { countInFlight } from './routing/in-flight.ts';
import { withOutputLengths } from './routing/output-lengths.ts';
import { withTokenLimits } from './routing/token-limits.ts';
import { hidingRouterMetadata } from './routing/upstream-request.ts';
import { startSummary } from './start-summary.ts';
import { meter } from './store/metrics.ts';
import { startRetention } from './store/retention.ts';
import { createSqlStore } from './store/sql-store.ts';
import { openSqliteDatabase } from './store/sqlite.ts';
import type { Surroundings } from './surroundings.ts';

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

async function openDatabase(config: Config): ReturnType<typeof openSqliteDatabase> {
  try {
    return await openSqliteDatabase(config.store.path);
  } catch (error) {
    throw unusable(config, `store.path: "${config.store.path}" cannot be opened`, error);
  }
}

/** Longest wait for the outcomes of requests that were cut off when draining had lasted long enough. */
const LAST_RECORDS_MS = 2_000;

/** What keeps every upstream from being called; undefined where one can be, or where none is needed. */
function noneCallable(health: readonly ProviderHealth[]): string | undefined {
  if (health.length === 0 || health.some(({ callable }) => callable)) return undefined;
  return `none can be called: ${health.map(({ provider }) => provider).join(', ')}`;
}

/** Builds the router from its configuration. Rejects with ConfigError where the store or a validator is of no use. */
export async function composeRouter(config: Config, surroundings: Surroundings): Promise<Router> {
  const { clock, logger, random, version } = surroundings;
  const providers = composeProviders(config, surroundings);
  const validators = await composeValidators(config, {
    providers,
    spent: (from, name) => spentOnChecks(money.ledger, { from, to: clock.now() + 1 }, name),
    surroundings,
  });
  const { models, demo } = providers;
  const db = await openDatabase(config);
  const access = await composeAccess(config, db, clock).catch(async (error: unknown) => {
    await db.destroy();
    throw error;
  });
  const { store, metrics } = meter(createSqlStore(db), ALARMS);
  registerProviderMetrics(metrics.registry, providers.health);
  const classifiers = await composeClassifiers(config, {
    store,
    clock,
    logger,
    open: surroundings.openClassifier,
  });
  const judging = judgeModel(config, models);
  const sessions = composeSessions(config, { models, store, clock, logger });
  await sessions.hydrate();
  const tell = metrics.countBudget;
  const money = await composeMoney(config, db, { models, judge: judging, clock, logger, tell });
  const lengths = composeOutputLengths(config);
  const countTokens = createTokenCounter();
  const { dryRun, decide } = composeDecide(config, {
    models,
    classifiers,
    judge: composeJudge(config, judging, providers, store, clock),
    sessions,
    countTokens,
    lengths,
    judgedInVain: money.judgedInVain,
    surroundings,
  });
  const callable = new Map(
    [...providers.byId].map(([id, provider]) => [id, sessions.withOwnThinking(provider)]),
  );
  const execute = createExecute({
    models,
    provider: (id) => callable.get(id),
    validators: (names) => names.flatMap((name) => validators.get(name) ?? []),
    retry: createRetry(config.execution.retries, random),
    clock,
    maxAttempts: config.execution.max_attempts,
    maxCalls: config.execution.max_calls,
    deadlineMs: config.execution.deadline_ms,
    commit: config.execution.commit,
    prefix: { characters: config.execution.prefix_characters, events: config.execution.prefix_events },
  });
  const keepText = composeKeepText(config, logger);
  const { counterfactual, entries: ledger } = money;
  const cached = composeCache(config, { store, ledger, clock, logger });
  const { handle, idle } = countInFlight(
    cached(
      withTokenLimits(
        money.budgeted(
          sessions.remembering(
            createHandle({
              decide: money.reserving(decide),
              execute: hidingRouterMetadata(execute),
              store: withOutputLengths(store, lengths),
              counterfactual,
              ledger,
              clock,
              logger,
              keepText,
              observe: classifiers.observe,
            }),
          ),
        ),
      ),
    ),
  );
  const { retention_days: days } = config.store;
  const retention = days === undefined ? undefined : startRetention({ store, days, clock, logger });
  const alarmWatch = startAlarmWatch({
    store,
    trainedOn: classifiers.trainedOn,
    clock,
    logger,
    tell: metrics.setAlarms,
  });
  let draining = false;
  const notReady = async (): Promise<Record<string, string>> => {
    const failure = await store.ping().then(
      () => undefined,
      () => 'cannot be read and written',
    );
    const unreachable = noneCallable(providers.health());
    return {
      ...(failure ? { store: failure } : {}),
      ...(unreachable ? { providers: unreachable } : {}),
      ...(draining ? { server: 'draining' } : {}),
    };
  };
  const app = createApp({
    handle,
    decide: money.metered(dryRun),
    countRequest: createCountRequest({
      models,
      unavailable: config.unavailable,
      policy: config.policy,
      routes: config.routes,
      countTokens,
      upstream: (id) => providers.counters.get(id),
      logger,
    }),
    dialects: createDialects(),
    store,
    models,
    clock,
    logger,
    bodyLimitBytes: config.server.body_limit_mb * 1024 * 1024,
    jsonBounds: { maxDepth: config.server.max_json_depth, maxValues: config.server.max_json_values },
    access: access.http,
    notReady,
    lineup: classifiers.report,
    trainedOn: classifiers.trainedOn,
    metrics: metrics.render,
    providers: providers.health,
    reload: classifiers.reload,
    adminRemote: config.admin.remote,
    version,
  });
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    await Promise.race([idle(), setTimeout(LAST_RECORDS_MS, undefined, { ref: false })]);
    await Promise.all([classifiers.close(), retention?.stop(), alarmWatch.stop()]);
    await Promise.all([store.close(), providers.close()]);
  };
  return {
    app,
    store,
    summary: [
      ...access.summary,
      ...startSummary(config, {
        models,
        demo,
        classifier: classifiers.report().serving ?? undefined,
        judge: judging,
      }),
      ...money.warnings.map((warning) => `prices: ${warning}`),
    ],
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
