/** The composition root: the only file that knows every adapter. */
import { setTimeout } from 'node:timers/promises';
import type { Express } from 'express';
import { composeAccess } from './compose-access.ts';
import { composeClassifiers } from './compose-classifiers.ts';
import { composeDecide, composeOutputLengths } from './compose-decide.ts';
import { composeHandle } from './compose-handle.ts';
import { composeJudge, judgeModel } from './compose-judge.ts';
import { composeMoney } from './compose-money.ts';
import { composeProviders, type Providers } from './compose-providers.ts';
import { composeReadiness } from './compose-readiness.ts';
import { composeSessions } from './compose-sessions.ts';
import { composeValidators, spentOnChecks } from './compose-validators.ts';
import { type Config, unusable } from './config/load.ts';
import type { Validator } from './core/ports.ts';
import type { Store } from './core/store.ts';
import { createDialects } from './dialects/index.ts';
import { createApp } from './http/app.ts';
import type { ReloadReport } from './http/deps.ts';
import { registerProviderMetrics } from './providers/metrics.ts';
import { createTokenCounter } from './providers/token-counter.ts';
import { createCountRequest } from './routing/count-request.ts';
import { startAlarmWatch } from './routing/monitoring/alarm-watch.ts';
import { ALARMS } from './routing/monitoring/alarms.ts';
import { startSummary } from './start-summary.ts';
import { createSqlLedger } from './store/ledger.ts';
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

type Database = Awaited<ReturnType<typeof openDatabase>>;

/**
 * Builds the router from its configuration. Rejects with ConfigError where the store or a validator is of no use, or
 * where the router would be open by mistake; the database is closed then.
 */
export async function composeRouter(config: Config, surroundings: Surroundings): Promise<Router> {
  const { clock } = surroundings;
  const providers = composeProviders(config, surroundings);
  // Before the store: a configuration that is of no use migrates nothing. The ledger is asked once there are answers.
  const validators = await composeValidators(config, {
    providers,
    spent: (from, name) => spentOnChecks(createSqlLedger(db), { from, to: clock.now() + 1 }, name),
    surroundings,
  });
  const db = await openDatabase(config);
  try {
    return await composeOn(db, { config, surroundings, providers, validators });
  } catch (error) {
    await Promise.all([db.destroy(), providers.close()]);
    throw error;
  }
}

interface RouterParts {
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly providers: Providers;
  readonly validators: ReadonlyMap<string, Validator>;
}

/** The rest of the router, on its database. */
async function composeOn(db: Database, parts: RouterParts): Promise<Router> {
  const { config, surroundings, providers, validators } = parts;
  const { clock, logger, version } = surroundings;
  const { models } = providers;
  const access = await composeAccess(config, db, clock);
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
  const { handle, idle } = composeHandle(config, {
    providers,
    validators,
    sessions,
    money,
    classifiers,
    decide,
    store,
    lengths,
    surroundings,
  });
  const { retention_days: days } = config.store;
  const retention = days === undefined ? undefined : startRetention({ store, days, clock, logger });
  const alarmWatch = startAlarmWatch({
    store,
    trainedOn: classifiers.trainedOn,
    clock,
    logger,
    tell: metrics.setAlarms,
  });
  const readiness = composeReadiness(store, providers.health);
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
    notReady: readiness.notReady,
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
        demo: providers.demo,
        classifier: classifiers.report().serving ?? undefined,
        judge: judging,
      }),
      ...money.warnings.map((warning) => `prices: ${warning}`),
    ],
    reload: classifiers.reload,
    drain: readiness.drain,
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}
