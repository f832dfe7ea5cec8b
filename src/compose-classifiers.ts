/** Composes the classifiers: what serves, from where it is loaded, and when it is loaded anew. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLiveClassifier, type LiveClassifier, type Reloaded } from './classifiers/live.ts';
import { openOnnxClassifier } from './classifiers/onnx.ts';
import { pointerState } from './classifiers/pointer.ts';
import type { Config } from './config/load.ts';
import type { Classifier, Clock, Logger, Store } from './core/ports.ts';
import type { Decision } from './core/routing.ts';
import type { LineupReport } from './http/deps.ts';
import { type Canary, createCanary } from './routing/canary.ts';
import { FEATURE_VERSION } from './routing/features.ts';
import { createShadow } from './routing/shadow.ts';

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
  /** Loads all bundles anew and says how it went with the one that serves. Never rejects. */
  reload(): Promise<Reloaded>;
  /** Waits for what is under way, which may still write to the store. */
  close(): Promise<void>;
}

interface Role {
  readonly path: string;
  readonly without: string;
}

function composeCanary(
  config: NonNullable<Config['classifier']['canary']>,
  classifier: () => Classifier | undefined,
  { store, clock, logger }: ClassifierDeps,
): Canary {
  const { id, share } = config;
  const started = clock.now();
  return createCanary({
    id,
    share,
    limits: {
      maxEscalationRate: config.max_escalation_rate,
      maxDownRate: config.max_down_rate,
      minRequests: config.min_requests,
    },
    classifier,
    async seen() {
      const by = classifier();
      if (!by) return undefined;
      const now = clock.now();
      const window = { from: Math.max(started, now - CANARY_WINDOW_MS), to: now + 1 };
      return (await store.classifierStats(window, by.id))[by.id];
    },
    logger,
  });
}

/** Loads what the configuration names; what cannot be loaded is said loudly and waits for a reload. */
export async function composeClassifiers(config: Config, deps: ClassifierDeps): Promise<Classifiers> {
  const { store, logger, open = openerOf(config) } = deps;
  const { bundle, watch, shadow: shadowId, canary: canaryConfig } = config.classifier;
  const live = ({ path, without }: Role): LiveClassifier =>
    createLiveClassifier({
      open: () => open(path),
      pointer: () => pointerState(path),
      without,
      logger,
    });
  const main = live({ path: bundlePath(bundle), without: 'routing by keyword rules' });
  const canaryLive =
    canaryConfig && live({ path: neighbourPath(config, canaryConfig.id), without: 'there is no canary' });
  const shadowLive =
    shadowId === undefined
      ? undefined
      : live({ path: neighbourPath(config, shadowId), without: 'there is no shadow' });
  const canary = canaryConfig && canaryLive && composeCanary(canaryConfig, canaryLive.current, deps);
  const shadow =
    shadowLive &&
    createShadow({
      classifier: shadowLive.current,
      record: (id, answer) => store.recordShadow(id, answer),
      maxInFlight: SHADOW_IN_FLIGHT,
      logger,
    });
  const reload = async (): Promise<Reloaded> => {
    const [report] = await Promise.all([main.reload(), canaryLive?.reload(), shadowLive?.reload()]);
    return report;
  };
  await reload();
  const timers = [
    ...(watch ? [setInterval(() => main.reloadIfMoved(), WATCH_MS)] : []),
    ...(canary ? [setInterval(() => canary.check(), canaryConfig.check_every_s * 1_000)] : []),
  ];
  for (const timer of timers) timer.unref();
  return {
    pick: (key) => (key === undefined ? undefined : canary?.pick(key)) ?? main.current(),
    observe: (decision) => shadow?.observe(decision),
    report() {
      const off = canary?.offBecause();
      return {
        serving: main.current()?.id ?? null,
        ...(canary
          ? {
              canary: {
                id: canaryConfig.id,
                share: canaryConfig.share,
                on: off === undefined,
                ...(off === undefined ? {} : { reason: off }),
              },
            }
          : {}),
        ...(shadow && shadowId !== undefined
          ? { shadow: { id: shadowId, on: shadowLive.current() !== undefined, skipped: shadow.skipped() } }
          : {}),
      };
    },
    reload,
    async close() {
      for (const timer of timers) clearInterval(timer);
      await shadow?.close();
      await Promise.all([main.close(), canaryLive?.close(), shadowLive?.close()]);
    },
  };
}
