/** Where the public rows come from: `training-data/public/manifest.json`. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { firstIssue } from './read.ts';

const fileSchema = z.strictObject({
  /** Inside the repository. */
  path: z.string().min(1),
  /** Of the file, hex; checked where known. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

const sourceSchema = z
  .strictObject({
    name: z.string().min(1),
    /** `owner/name` on GitHub. */
    repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
    /** Commit, possibly shortened. */
    revision: z.string().regex(/^[0-9a-f]{7,40}$/),
    licence: z.string().min(1),
    attribution: z.string().min(1),
    /** Files whose records hold the prompts; empty where they cannot be had file by file. */
    files: z.array(fileSchema),
    /** What is to be known, such as why only `--from` gives the rows. */
    note: z.string().optional(),
  })
  .refine(({ files, note }) => files.length > 0 || note !== undefined, {
    message: 'a source without files needs a note that says why',
  });

export const manifestSchema = z.strictObject({
  /** Where `<repository>/<revision>/<path>` is found. */
  base_url: z.url(),
  sources: z.array(sourceSchema),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Source = Manifest['sources'][number];

/** Reads a manifest. Throws an Error that names file and field. */
export function readManifest(path: string): Manifest {
  const parsed = manifestSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path}: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

export function fileUrl(
  { base_url: base }: Pick<Manifest, 'base_url'>,
  source: Source,
  path: string,
): string {
  const parts = [source.repository, source.revision, ...path.split('/').map(encodeURIComponent)];
  return `${base.replace(/\/$/, '')}/${parts.join('/')}`;
}
