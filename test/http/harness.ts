import { mkdtempSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openOnnxClassifier } from '../../src/classifiers/onnx.ts';
import { composeRouter, type Router } from '../../src/compose.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ConfigInput } from '../../src/config/schema.ts';
import type { Classifier, Logger } from '../../src/core/ports.ts';
import { FEATURE_VERSION } from '../../src/routing/features.ts';
import { type Surroundings, systemClock } from '../../src/surroundings.ts';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface TestRouter {
  readonly url: string;
  readonly router: Router;
  readonly log: readonly LogLine[];
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  get(path: string): Promise<Response>;
  close(): Promise<void>;
}

/** By path; opening one takes longer than all else of a start. */
const shared = new Map<string, Promise<Classifier>>();

/** The bundle at a path, opened once for all routers of a test file; closing it leaves it open. */
async function openShared(path: string): Promise<Classifier> {
  const opening = shared.get(path) ?? openOnnxClassifier(path, { featureVersion: FEATURE_VERSION });
  shared.set(path, opening);
  return { ...(await opening), close: async () => {} };
}

function opensDefault({
  bundle,
  labels,
  canary,
  shadow,
}: NonNullable<ConfigInput['classifier']> = {}): boolean {
  return [bundle, labels, canary, shadow].every((setting) => setting === undefined);
}

/** The composed router in this process, on a free port, with an empty store in memory. Routers of the default bundle share it. */
export async function startRouter(
  config: ConfigInput = {},
  env: Readonly<Record<string, string>> = {},
  surroundings: Partial<Surroundings> = {},
): Promise<TestRouter> {
  const folder = mkdtempSync(join(tmpdir(), 'llm-router-'));
  const path = join(folder, 'config.yaml');
  writeFileSync(path, JSON.stringify(config));
  const log: LogLine[] = [];
  const at =
    (level: LogLine['level']): Logger['info'] =>
    (fields, message) => {
      log.push({ level, fields, message });
    };
  const logger: Logger = { info: at('info'), warn: at('warn'), error: at('error') };
  const loaded = loadConfig({ env: { ROUTER_STORE: ':memory:', ...env }, path });
  const router = await composeRouter(loaded, {
    clock: systemClock,
    logger,
    random: () => 0,
    version: '0.0.0-test',
    ...(opensDefault(config.classifier) ? { openClassifier: openShared } : {}),
    ...surroundings,
  });
  const server = router.app.listen(0, '127.0.0.1');
  await new Promise<void>((resolve) => server.once('listening', () => resolve()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    router,
    log,
    post: (target, body, headers = {}) =>
      fetch(url + target, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (target) => fetch(url + target),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await router.close();
    },
  };
}
