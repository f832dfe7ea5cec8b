/**
 * The collected feedback of a retraining under way, in a file beside the bundle it will become: an interrupted run
 * goes on with the same rows, without reading the store again. It holds texts and goes when the run has ended.
 */
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { TIERS } from '../core/tier.ts';
import type { Example } from './examples.ts';
import { type CollectedFeedback, FEEDBACK_SOURCE } from './feedback-examples.ts';

/** What the rows depend on; a snapshot with another key is of no use. */
export type SnapshotKey = Readonly<Record<string, string | number>>;

const counts = z.record(z.string(), z.number());
const headSchema = z.object({
  key: z.record(z.string(), z.union([z.string(), z.number()])),
  skipped: z.object({
    noText: z.number(),
    otherTokenizer: z.number(),
    otherFeatures: z.number(),
    noSignal: z.number(),
  }),
  surplus: z.number(),
  bySource: counts,
  excess: z.custom<CollectedFeedback['excess']>((value) => typeof value === 'object' && value !== null),
});

/** JSON has no NaN: an answer that is unknown is null. */
const answer = z.number().nullable();
const lineSchema = z.object({
  id: z.string(),
  group: z.string(),
  text: z.string(),
  inputTokens: z.number().optional(),
  tier: z.enum(TIERS).optional(),
  sufficient: z.tuple([answer, answer]).optional(),
  seen: z.tuple([answer, answer, answer]).optional(),
  weight: z.number().optional(),
  certain: z.boolean(),
});

const SUFFIX = '.snapshot.jsonl';
/** Characters written at once. */
const CHUNK = 1_000_000;

/** Where the snapshot of a bundle lies. */
export function snapshotPath(models: string, id: string): string {
  return join(models, `${id}${SUFFIX}`);
}

function lineOf({ id, group, text, inputTokens, tier, sufficient, seen, weight, certain }: Example): string {
  return `${JSON.stringify({ id, group, text, inputTokens, tier, sufficient, seen, weight, certain })}\n`;
}

function exampleOf(line: string): Example {
  const { sufficient, seen, inputTokens, tier, weight, ...row } = lineSchema.parse(JSON.parse(line));
  return {
    ...row,
    source: FEEDBACK_SOURCE,
    prompt: row.text,
    messages: [{ role: 'user', content: row.text }],
    language: 'en',
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(tier === undefined ? {} : { tier }),
    ...(weight === undefined ? {} : { weight }),
    ...(sufficient
      ? { sufficient: [sufficient[0] ?? Number.NaN, sufficient[1] ?? Number.NaN] as const }
      : {}),
    ...(seen ? { seen: [seen[0] ?? Number.NaN, seen[1] ?? Number.NaN, seen[2] ?? Number.NaN] as const } : {}),
  };
}

/** Writes all or nothing: the file appears when it is complete. Readable by its owner only. */
export function writeSnapshot(path: string, key: SnapshotKey, collected: CollectedFeedback): void {
  const { examples, ...head } = collected;
  const temporary = `${path}.writing`;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(temporary, { force: true });
  const file = openSync(temporary, 'wx', 0o600);
  try {
    let pending = `${JSON.stringify({ key, ...head })}\n`;
    for (const example of examples) {
      pending += lineOf(example);
      if (pending.length < CHUNK) continue;
      writeSync(file, pending);
      pending = '';
    }
    writeSync(file, pending);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

const sameKey = (a: SnapshotKey, b: SnapshotKey): boolean =>
  Object.keys({ ...a, ...b }).every((name) => a[name] === b[name]);

/** The rows as they were written; undefined where there is no snapshot with this key, or none that can be read. */
export async function readSnapshot(path: string, key: SnapshotKey): Promise<CollectedFeedback | undefined> {
  if (!existsSync(path)) return undefined;
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  const examples: Example[] = [];
  let head: z.infer<typeof headSchema> | undefined;
  try {
    for await (const line of lines) {
      if (head) examples.push(exampleOf(line));
      else {
        head = headSchema.parse(JSON.parse(line));
        if (!sameKey(head.key, key)) return undefined;
      }
    }
  } catch {
    return undefined;
  }
  if (!head) return undefined;
  const { skipped, surplus, bySource, excess } = head;
  return { examples, surplus, skipped, bySource, excess };
}

/** The collected rows: those of the snapshot, or else collected now and kept for a run that continues this one. */
export async function collectOnce(
  path: string,
  key: SnapshotKey,
  collect: () => Promise<CollectedFeedback>,
): Promise<CollectedFeedback & { readonly resumed: boolean }> {
  const kept = await readSnapshot(path, key);
  if (kept) return { ...kept, resumed: true };
  const collected = await collect();
  if (collected.examples.length > 0) writeSnapshot(path, key, collected);
  return { ...collected, resumed: false };
}

/** Deletes the snapshot; none is none. */
export function dropSnapshot(path: string): void {
  rmSync(path, { force: true });
}

/** Deletes every snapshot below a folder of bundles, unfinished ones included, and says how many there were. */
export function dropSnapshots(models: string): number {
  if (!existsSync(models)) return 0;
  const found = readdirSync(models).filter(
    (name) => name.endsWith(SUFFIX) || name.endsWith(`${SUFFIX}.writing`),
  );
  for (const name of found) rmSync(join(models, name), { force: true });
  return found.length;
}
