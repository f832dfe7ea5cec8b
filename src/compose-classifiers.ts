/** Composes the classifiers: what serves, from where it is loaded, and when it is loaded anew. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLiveClassifier, type LiveClassifier } from './classifiers/live.ts';
import { openOnnxClassifier } from './classifiers/onnx.ts';
import { pointerState } from './classifiers/pointer.ts';
import type { Config } from './config/load.ts';
import type { Classifier, Logger } from './core/ports.ts';
import { FEATURE_VERSION } from './routing/features.ts';

/** Folder of the project, where a relative bundle path is looked for when the working directory has none. */
const PROJECT = fileURLToPath(new URL('..', import.meta.url));
/** How often the pointer is looked at. */
const WATCH_MS = 1_000;

/** Opens the bundle at a path: a bundle folder, or a folder with a `current` pointer. */
export type OpenClassifier = (path: string) => Promise<Classifier>;

/** The bundle's folder: as it stands, below the project, or an id below the project's models. */
function bundlePath(bundle: string): string {
  const places = [resolve(bundle), resolve(PROJECT, bundle), resolve(PROJECT, 'models', bundle)];
  return places.find((place) => existsSync(place)) ?? resolve(bundle);
}

function openerOf(config: Config): OpenClassifier {
  const { labels } = config.classifier;
  return (path) =>
    openOnnxClassifier(path, { featureVersion: FEATURE_VERSION, ...(labels ? { labels } : {}) });
}

export type Classifiers = Pick<LiveClassifier, 'current' | 'reload' | 'close'>;

/** Loads what the configuration names; where that fails nothing serves, loudly, until a reload succeeds. */
export async function composeClassifiers(
  config: Config,
  logger: Logger,
  open: OpenClassifier = openerOf(config),
): Promise<Classifiers> {
  const { bundle, watch } = config.classifier;
  const live = createLiveClassifier({
    open: () => open(bundlePath(bundle)),
    pointer: () => pointerState(bundlePath(bundle)),
    logger,
  });
  await live.reload();
  const watching = watch ? setInterval(() => live.reloadIfMoved(), WATCH_MS).unref() : undefined;
  return {
    current: live.current,
    reload: live.reload,
    async close() {
      clearInterval(watching);
      await live.close();
    },
  };
}
