/** Outcome tables as rows that say of each tier: sufficient, insufficient, unknown. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Tier } from '../core/tier.ts';
import { firstIssue } from './data/read.ts';
import { type Example, RowError, readExamples } from './examples.ts';

const modelsSchema = z
  .strictObject({
    simple: z.array(z.string()),
    moderate: z.array(z.string()),
    complex: z.array(z.string()),
  })
  .refine(({ simple, moderate, complex }) => {
    const all = [...simple, ...moderate, ...complex];
    return new Set(all).size === all.length;
  }, 'a model stands in two tiers');

/** Which tier a model of the tables stands for. */
export type OutcomeModels = z.infer<typeof modelsSchema>;

/** Throws RowError that names file and field. */
export function readOutcomeModels(path: string): OutcomeModels {
  const parsed = modelsSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new RowError(`${path}: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

/** Every table of a folder, each named after its file; none where there is no folder. */
export function readOutcomes(folder: string): Example[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return files
    .sort()
    .flatMap((file) => readExamples(join(folder, file), `outcomes/${file.replace(/\.jsonl$/, '')}`));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * P(simple is enough) and P(moderate is enough), from the mean success of the tier's models; never falling with the
 * tier, NaN where no model of the tier was asked.
 */
export function outcomeTargets(
  success: Example['success'],
  models: OutcomeModels,
): readonly [number, number] {
  const of = (tier: Tier): number => mean(models[tier].flatMap((name) => success?.[name] ?? []));
  const simple = of('simple');
  const moderate = of('moderate');
  return [simple, Number.isNaN(simple) ? moderate : Math.max(simple, moderate)];
}

/** Share of all models that failed; NaN where the row is no outcome. */
export function failureOf(success: Example['success']): number {
  return 1 - mean(Object.values(success ?? {}));
}

/** At most `limit` rows of each source, chosen by a stable hash of their ids. */
export function sampleBySource(examples: readonly Example[], limit: number): Example[] {
  const key = ({ id }: Example): string => createHash('sha1').update(`sample:${id}`).digest('hex');
  const ranked = examples
    .map((example) => ({ example, key: key(example) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const taken = new Map<string, number>();
  const chosen = new Set<Example>();
  for (const { example } of ranked) {
    const count = taken.get(example.source) ?? 0;
    if (count >= limit) continue;
    taken.set(example.source, count + 1);
    chosen.add(example);
  }
  return examples.filter((example) => chosen.has(example));
}
