/** The folder of bundles: what is in it, which one `current` names, and the record of how that came to be. */
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BundleError, type Manifest, readManifest } from '../classifiers/bundle.ts';
import { openOnnxClassifier } from '../classifiers/onnx.ts';
import { openTried } from '../classifiers/trial.ts';
import { FEATURE_VERSION } from '../routing/features.ts';
import { pointTo } from './bundle-writer.ts';

const HISTORY = 'history.jsonl';

const moveSchema = z.object({
  /** ISO 8601. */
  at: z.string(),
  action: z.enum(['promote', 'rollback']),
  id: z.string(),
  /** What `current` named before; null where there was no pointer. */
  previous: z.string().nullable(),
});

/** One line of `history.jsonl`: the pointer was moved. */
export type Move = z.infer<typeof moveSchema>;

/** Something a person asked for that cannot be done; the message says why and what can be. */
export class BundlesError extends Error {}

/** Id that `current` names; undefined without a pointer. */
export function currentBundle(models: string): string | undefined {
  const path = join(models, 'current');
  if (!existsSync(path)) return undefined;
  const id = readFileSync(path, 'utf8').trim();
  return id === '' ? undefined : id;
}

/** Ids of the bundles, sorted. */
export function bundleIds(models: string): string[] {
  if (!existsSync(models)) return [];
  return readdirSync(models)
    .filter((name) => !name.endsWith('.writing') && existsSync(join(models, name, 'config.json')))
    .sort();
}

export interface BundleEntry {
  readonly id: string;
  readonly current: boolean;
  /** When its manifest, or without one its configuration, was written. */
  readonly created: Date;
  /** Absent for a model without a manifest. */
  readonly manifest?: Manifest;
  /** What is wrong with its manifest. */
  readonly problem?: string;
}

/** The bundles of the folder, oldest first. Their files are not checked. */
export function listBundles(models: string): BundleEntry[] {
  const current = currentBundle(models);
  const entries = bundleIds(models).map((id): BundleEntry => {
    const path = join(models, id, 'manifest.json');
    const known = existsSync(path);
    const { mtime } = statSync(known ? path : join(models, id, 'config.json'));
    const entry = { id, current: id === current, created: mtime };
    if (!known) return entry;
    try {
      return { ...entry, manifest: readManifest(join(models, id)) };
    } catch (error) {
      return { ...entry, problem: error instanceof Error ? error.message : String(error) };
    }
  });
  return entries.sort((a, b) => a.created.getTime() - b.created.getTime());
}

/** How the pointer was moved, oldest first. Lines that are cut short are left out. */
export function readHistory(models: string): Move[] {
  const path = join(models, HISTORY);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line) => {
    try {
      return [moveSchema.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}

/** The bundles that served one after the other and were not taken back, the last one at the end. */
function lineage(history: readonly Move[]): string[] {
  const served: string[] = [];
  for (const { action, id, previous } of history) {
    if (action === 'rollback') {
      const back = served.lastIndexOf(id);
      if (back !== -1) served.length = back;
    } else if (previous !== null && previous !== served.at(-1)) served.push(previous);
    served.push(id);
  }
  return served;
}

/** Moves the pointer and records it. The pointer is moved by one rename: a reader sees the old id or the new one. */
export function moveTo(
  models: string,
  id: string,
  { action, at }: { readonly action: Move['action']; readonly at: Date },
): Move {
  const previous = currentBundle(models) ?? null;
  const move: Move = { at: at.toISOString(), action, id, previous };
  pointTo(models, id);
  appendFileSync(join(models, HISTORY), `${JSON.stringify(move)}\n`);
  return move;
}

/** Loads the bundle as the server would and puts a sample text to it. Rejects with BundlesError that says what is wrong. */
async function verify(models: string, id: string): Promise<void> {
  if (!bundleIds(models).includes(id)) {
    const known = bundleIds(models).join(', ') || 'none';
    throw new BundlesError(`There is no bundle "${id}" in ${models}; there are: ${known}.`);
  }
  try {
    const classifier = await openTried(() =>
      openOnnxClassifier(join(models, id), { featureVersion: FEATURE_VERSION }),
    );
    await classifier.close();
    if (classifier.id !== id) {
      throw new BundleError(`its manifest calls it "${classifier.id}"`);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BundlesError(`The bundle "${id}" cannot be served: ${reason}.`);
  }
}

/** Makes a bundle the serving one, once it has proved to load. Rejects with BundlesError; nothing is then moved. */
export async function promote(models: string, id: string, at: Date): Promise<Move> {
  await verify(models, id);
  return moveTo(models, id, { action: 'promote', at });
}

/** Goes back to the bundle that served before the current one. Rejects with BundlesError; nothing is then moved. */
export async function rollback(models: string, at: Date): Promise<Move> {
  const current = currentBundle(models);
  const served = lineage(readHistory(models));
  while (served.length > 0 && served.at(-1) === current) served.pop();
  const target = served.at(-1);
  if (target === undefined) {
    throw new BundlesError(
      `There is nothing to go back to: ${join(models, HISTORY)} knows of no bundle before ${current ?? 'this'}.`,
    );
  }
  await verify(models, target);
  return moveTo(models, target, { action: 'rollback', at });
}
