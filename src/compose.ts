/** The composition root: the only file that knows every adapter. */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Express } from 'express';
import { createRulesClassifier } from './classifiers/rules.ts';
import { createTokenKeeper } from './classifiers/token-text.ts';
import { bundlePath, composeClassifiers } from './compose-classifiers.ts';
import { composeJudge, judgeModel } from './compose-judge.ts';
import { composeProviders } from './compose-providers.ts';
import { type Config, ConfigError } from './config/load.ts';
import type { Logger, Store, Validator } from './core/ports.ts';
import { createDialects } from './dialects/index.ts';
import { createApp } from './http/app.ts';
import type { ReloadReport } from './http/deps.ts';
import { createRetry } from './providers/resilience.ts';
import { startAlarmWatch } from './routing/alarm-watch.ts';
import { ALARMS } from './routing/alarms.ts';
import { createDecide, type DecideDeps } from './routing/decide.ts';
import { createExecute } from './routing/execute.ts';
import { explore } from './routing/explore.ts';
import { createHandle } from './routing/handle.ts';
import { countInFlight } from './routing/in-flight.ts';
import { redact } from './routing/redact.ts';
import { startSummary } from './start-summary.ts';
import { meter } from './store/metrics.ts';
import { startRetention } from './store/retention.ts';
import { openSqliteStore } from './store/sqlite.ts';
import type { Surroundings } from './surroundings.ts';
import { createValidator } from './validators/index.ts';

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
  const { store, metrics } = meter(await openStore(config), ALARMS);
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
    unavailable: config.unavailable,
    routes: config.routes,
    expectedOutputTokens: config.execution.expected_output_tokens,
    ...(config.classifier.doubt_below === undefined ? {} : { doubtBelow: config.classifier.doubt_below }),
    ...(config.classifier.simple_from === undefined ? {} : { simpleFrom: config.classifier.simple_from }),
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
    trainedOn: classifiers.trainedOn,
    metrics: metrics.render,
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
