/**
 * A bundle is a folder in the Hugging Face layout (`config.json`, `tokenizer.json`, `tokenizer_config.json`,
 * `onnx/model.onnx`) with a `manifest.json` that says what it was made of, and by which its files are checked.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { TIERS, type Tier } from '../core/tier.ts';

/** Raised when the layout or meaning of a bundle changes. */
export const BUNDLE_FORMAT = 1;

export const BUNDLE_FILES = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'onnx/model.onnx',
] as const;

const share = z.number().min(0).max(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const metricsSchema = z.record(z.string(), z.record(z.string(), z.number()));
const countsSchema = z.record(z.string(), z.number().int().min(0));

export const manifestSchema = z.object({
  format: z.literal(BUNDLE_FORMAT),
  id: z.string().min(1),
  /** Version of the feature text it was trained on. */
  featureVersion: z.string(),
  /** Version of the project that trained it. */
  codeVersion: z.string(),
  seed: z.number().int(),
  files: z.record(z.enum(BUNDLE_FILES), z.object({ sha256, bytes: z.number().int() })),
  /** Rows and hash of their ids and labels, by source. */
  data: z.record(z.string(), z.object({ rows: z.number().int(), sha256, licence: z.string().optional() })),
  pretrained: sha256.optional(),
  lexicon: sha256.optional(),
  /** The frozen encoder that the heads stand on: its name, and the hash of its model file. */
  encoder: z.object({ name: z.string(), sha256 }).optional(),
  /** Log odds of a head become `slope * score + offset`; already inside the graph, kept for the record. */
  calibration: z.array(z.object({ slope: z.number(), offset: z.number() })),
  thresholds: z.object({
    /** Confidence below this is doubt. */
    doubtBelow: share,
    /** How it was chosen, in plain words. */
    chosen: z.string(),
    /** P(simple) from which the simple tier is risked, with the bound it holds. */
    simpleFrom: share.optional(),
  }),
  metrics: metricsSchema,
  /** Shape of the training rows, outcome tables left out: traffic is compared with it. */
  baseline: z
    .object({ lengths: countsSchema, facts: countsSchema, tokens: countsSchema.optional() })
    .optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** `config.json` as far as classification needs it. */
const configSchema = z.looseObject({ id2label: z.record(z.string(), z.string()).optional() });
const tokenizerConfigSchema = z.looseObject({ model_max_length: z.number().optional() });

export interface Bundle {
  readonly folder: string;
  /** The manifest's id, or the folder's name for a model of the ecosystem that has none. */
  readonly id: string;
  readonly manifest?: Manifest;
  /** Labels in the order of the logits. */
  readonly labels: readonly string[];
  readonly maxTokens: number;
  readonly tokenizer: unknown;
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
  readonly model: Uint8Array;
}

/** A bundle that cannot be served; the message says which file and why. */
export class BundleError extends Error {}

export function hashBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The bundle folder of a path: the path itself, or what its `current` pointer names. */
export function resolveBundle(path: string): string {
  const pointer = join(path, 'current');
  if (!existsSync(pointer) || statSync(pointer).isDirectory()) return path;
  const id = readFileSync(pointer, 'utf8').trim();
  if (!/^[\w.-]+$/.test(id)) throw new BundleError(`${pointer} does not name a bundle`);
  return join(path, id);
}

function readBytes(folder: string, file: string): Uint8Array {
  const path = join(folder, file);
  if (!existsSync(path)) throw new BundleError(`${path} is missing`);
  return readFileSync(path);
}

function readJson<T>(folder: string, file: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(readBytes(folder, file)).toString('utf8'));
  } catch (error) {
    if (error instanceof BundleError) throw error;
    throw new BundleError(`${join(folder, file)} is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new BundleError(`${join(folder, file)}: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** Reads and checks `manifest.json`, without the files it names. */
export function readManifest(folder: string): Manifest {
  return readJson(folder, 'manifest.json', manifestSchema);
}

function verify(folder: string, manifest: Manifest, featureVersion?: string): void {
  if (featureVersion !== undefined && manifest.featureVersion !== featureVersion) {
    throw new BundleError(
      `${folder} was trained on feature version ${manifest.featureVersion}, this server has ${featureVersion}`,
    );
  }
  for (const file of BUNDLE_FILES) {
    const expected = manifest.files[file];
    if (!expected) throw new BundleError(`${folder}/manifest.json does not list ${file}`);
    if (hashBytes(readBytes(folder, file)) !== expected.sha256) {
      throw new BundleError(`${join(folder, file)} is not the file its manifest describes`);
    }
  }
}

/**
 * Reads a bundle and refuses one that does not fit: files changed, format or feature version unknown. A folder
 * without `manifest.json` is a model of the ecosystem and is taken as it is. Throws BundleError.
 */
export function readBundle(path: string, featureVersion?: string): Bundle {
  const folder = resolveBundle(path);
  if (!existsSync(folder)) throw new BundleError(`${folder} does not exist`);
  const manifest = existsSync(join(folder, 'manifest.json')) ? readManifest(folder) : undefined;
  if (manifest) verify(folder, manifest, featureVersion);
  const { id2label } = readJson(folder, 'config.json', configSchema);
  const tokenizerConfig = readJson(folder, 'tokenizer_config.json', tokenizerConfigSchema);
  const labels = Object.entries(id2label ?? {}).sort(([a], [b]) => Number(a) - Number(b));
  const name =
    folder
      .split(/[\\/]/)
      .filter((part) => part !== '')
      .at(-1) ?? folder;
  return {
    folder,
    id: manifest?.id ?? name,
    ...(manifest ? { manifest } : {}),
    labels: labels.map(([, label]) => label),
    maxTokens: Math.min(tokenizerConfig.model_max_length ?? 512, 8192),
    tokenizer: readJson(folder, 'tokenizer.json', z.unknown()),
    tokenizerConfig,
    model: readBytes(folder, 'onnx/model.onnx'),
  };
}

/**
 * The tier each logit speaks for. Labels are tier names unless `mapping` says otherwise. Throws BundleError where a
 * label has no tier or a tier no label.
 */
export function tiersOfLabels(
  labels: readonly string[],
  mapping: Readonly<Record<string, Tier>> = {},
): readonly Tier[] {
  const tiers = labels.map((label) => {
    const tier = mapping[label] ?? TIERS.find((name) => name === label.toLowerCase());
    if (!tier) throw new BundleError(`no tier for the label ${label}: map it to one of ${TIERS.join(', ')}`);
    return tier;
  });
  const missing = TIERS.find((tier) => !tiers.includes(tier));
  if (missing) throw new BundleError(`no label of the model speaks for the tier ${missing}`);
  return tiers;
}
