/** Composes the classifiers: what serves, from where it is loaded, and when it is loaded anew. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLiveClassifier, type LiveClassifier, type Reloaded } from './classifiers/live.ts';
import { openOnnxClassifier } from './classifiers/onnx.ts';
import { pointerState } from './classifiers/pointer.ts';
import type { Config } from './config/load.ts';
import type { Classifier, Clock, Logger } from './core/ports.ts';
import type { Decision } from './core/routing.ts';
import type { Store } from './core/store.ts';
import type { LineupReport } from './http/deps.ts';
import { FEATURE_VERSION } from './routing/features.ts';
import type { TrainedOn } from './routing/monitoring/alarms.ts';
import { type Canary, createCanary } from './routing/monitoring/canary.ts';
import { createShadow, type Shadow } from './routing/monitoring/shadow.ts';

/** Folder of the project, where a relative bundle path is looked for when the working directory has none. */
const PROJECT = fileURLToPath(new URL('..', import.meta.url));
/** How often the pointer is looked at. */
const WATCH_MS = 1_000;
/** How far back a canary is judged. */
const CANARY_WINDOW_MS = 24 * 3_600_000;
/** Requests the shadow classifies at once. */
const SHADOW_IN_FLIGHT = 64;

/** Opens the bundle at a path: a bundle folder, or a folder with a `current` pointer. */
export type OpenClassifier = (path: string) => Promise<Classifier>;

/** The bundle's folder: as it stands, below the project, or an id below the project's models. */
export function bundlePath(bundle: string): string {
  const places = [resolve(bundle), resolve(PROJECT, bundle), resolve(PROJECT, 'models', bundle)];
  return places.find((place) => existsSync(place)) ?? resolve(bundle);
}

function openerOf(config: Config): OpenClassifier {
  const { labels } = config.classifier;
  return (path) =>
    openOnnxClassifier(path, { featureVersion: FEATURE_VERSION, ...(labels ? { labels } : {}) });
}

/** A bundle named by id or folder, looked for beside the one that serves first. */
function neighbourPath(config: Config, id: string): string {
  const serving = bundlePath(config.classifier.bundle);
  const places = [join(serving, id), join(dirname(serving), id)];
  return places.find((place) => existsSync(place)) ?? bundlePath(id);
}

export interface ClassifierDeps {
  readonly store: Pick<Store, 'classifierStats' | 'recordShadow'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly open?: OpenClassifier | undefined;
}

export interface Classifiers {
  /** The classifier of a decision: the canary where the key falls into its share, else the one that serves. */
  pick(key: string | undefined): Classifier | undefined;
  /** Shows a recorded decision to the shadow. */
  observe(decision: Decision): void;
  report(): LineupReport;
  /** What the bundle that serves was trained on, where it says so. */
  trainedOn(): TrainedOn | undefined;
  /** Loads all bundles anew and says how it went with the one that serves. Never rejects. */
  reload(): Promise<Reloaded>;
  /** Waits for what is under way, which may still write to the store. */
  close(): Promise<void>;
}

interface CanaryPart {
  readonly canary: Canary;
  readonly live: LiveClassifier;
  readonly checkEveryMs: number;
  report(): NonNullable<LineupReport['canary']>;
}

function composeCanary(
  config: NonNullable<Config['classifier']['canary']>,
  live: LiveClassifier,
  { store, clock, logger }: ClassifierDeps,
): CanaryPart {
  const { id, share } = config;
  const started = clock.now();
  const canary = createCanary({
    id,
    share,
    limits: {
      maxEscalationRate: config.max_escalation_rate,
      maxDownRate: config.max_down_rate,
      minRequests: config.min_requests,
    },
    classifier: live.current,
    async seen() {
      const by = live.current();
      if (!by) return undefined;
      const now = clock.now();
      const window = { from: Math.max(started, now - CANARY_WINDOW_MS), to: now + 1 };
      return (await store.classifierStats(window, by.id))[by.id];
    },
    logger,
  });
  return {
    canary,
    live,
    checkEveryMs: config.check_every_s * 1_000,
    report() {
      const reason = canary.offBecause();
      return { id, share, on: reason === undefined, ...(reason === undefined ? {} : { reason }) };
    },
  };
}

interface ShadowPart {
  readonly shadow: Shadow;
  readonly live: LiveClassifier;
  report(): NonNullable<LineupReport['shadow']>;
}

function composeShadow(id: string, live: LiveClassifier, { store, logger }: ClassifierDeps): ShadowPart {
  const shadow = createShadow({
    classifier: live.current,
    record: (decisionId, answer) => store.recordShadow(decisionId, answer),
    maxInFlight: SHADOW_IN_FLIGHT,
    logger,
  });
  return {
    shadow,
    live,
    report: () => ({ id, on: live.current() !== undefined, skipped: shadow.skipped() }),
  };
}

/** Loads what the configuration names; what cannot be loaded is said loudly and waits for a reload. */
export async function composeClassifiers(config: Config, deps: ClassifierDeps): Promise<Classifiers> {
  const { logger, open = openerOf(config) } = deps;
  const { bundle, watch, shadow: shadowId, canary: canaryConfig } = config.classifier;
  const live = (path: () => string, without: string): LiveClassifier =>
    createLiveClassifier({ open: () => open(path()), pointer: () => pointerState(path()), without, logger });
  const beside = (id: string, without: string): LiveClassifier =>
    live(() => neighbourPath(config, id), without);

  const main = live(() => bundlePath(bundle), 'routing by keyword rules');
  const canary =
    canaryConfig && composeCanary(canaryConfig, beside(canaryConfig.id, 'there is no canary'), deps);
  const shadow =
    shadowId === undefined
      ? undefined
      : composeShadow(shadowId, beside(shadowId, 'there is no shadow'), deps);
  const reload = async (): Promise<Reloaded> => {
    const [report] = await Promise.all([main.reload(), canary?.live.reload(), shadow?.live.reload()]);
    return report;
  };
  await reload();
  const timers = [
    ...(watch ? [setInterval(() => main.reloadIfMoved(), WATCH_MS)] : []),
    ...(canary ? [setInterval(() => canary.canary.check(), canary.checkEveryMs)] : []),
  ];
  for (const timer of timers) timer.unref();
  return {
    pick: (key) => (key === undefined ? undefined : canary?.canary.pick(key)) ?? main.current(),
    observe: (decision) => shadow?.shadow.observe(decision),
    report: () => ({
      serving: main.current()?.id ?? null,
      ...(canary ? { canary: canary.report() } : {}),
      ...(shadow ? { shadow: shadow.report() } : {}),
    }),
    trainedOn() {
      const { id, baseline } = main.current() ?? {};
      return id !== undefined && baseline ? { classifier: id, ...baseline } : undefined;
    },
    reload,
    async close() {
      for (const timer of timers) clearInterval(timer);
      await shadow?.shadow.close();
      await Promise.all([main.close(), canary?.live.close(), shadow?.live.close()]);
    },
  };
}
