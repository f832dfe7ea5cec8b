/** What `data:check` demands: defaults here, a folder's own wishes in its `check.json`. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { firstIssue } from './read.ts';

export const checkConfigSchema = z.strictObject({
  /** What must be there at least; nothing where absent. */
  minima: z
    .strictObject({
      rows: z.number().optional(),
      complex: z.number().optional(),
      /** Rows of a minimal-pair group beyond its first. */
      pairs: z.number().optional(),
      languages: z.number().optional(),
      non_english_share: z.number().optional(),
    })
    .default({}),
  /** Jaccard similarity of 5-grams above which two rows are near-duplicates. */
  similarity: z.number().min(0).max(1).default(0.6),
  /** Share of rows that may be near-duplicates of another one. */
  near_duplicate_share: z.number().min(0).max(1).default(0.02),
  /** Share of the rows that each tier has at least, where there are 100 rows or more. */
  least_tier_share: z.number().min(0).max(1).default(0.05),
  /** Share of the rows that no tier exceeds in a world of 50 rows or more. */
  largest_tier_share: z.number().min(0).max(1).default(0.9),
  /** Files of evaluation rows, or of hashes, that no row may be in; relative to the folder. */
  against: z.array(z.string()).default([]),
  /** Kinds of personal data that may stand in the rows, each with the reason. */
  allowed: z.partialRecord(z.enum(['email', 'phone', 'card', 'iban']), z.string()).default({}),
  /** Rows a person has looked at, by id, with why the finding is none. */
  reviewed: z.record(z.string(), z.string()).default({}),
});

export type CheckConfig = z.output<typeof checkConfigSchema>;

/** Name of the file that holds a folder's wishes. */
export const CHECK_FILE = 'check.json';

/** The wishes of the first folder that states some, else the defaults. Throws an Error that names file and field. */
export function readCheckConfig(paths: readonly string[]): CheckConfig {
  const folders = paths.map((path) => (statSync(path).isDirectory() ? path : dirname(path)));
  const folder = folders.find((candidate) => existsSync(join(candidate, CHECK_FILE)));
  if (folder === undefined) return checkConfigSchema.parse({});
  const file = join(folder, CHECK_FILE);
  const parsed = checkConfigSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${firstIssue(parsed.error)}`);
  return { ...parsed.data, against: parsed.data.against.map((path) => resolve(folder, path)) };
}
