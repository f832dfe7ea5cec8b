/** Outcome tables (which model succeeded on which prompt) as rows that say of each tier: enough, not enough, unknown. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { type PerTier, perTier, TIERS, tierRank } from '../../core/tier.ts';
import type { PlainMessage } from '../../routing/features.ts';
import type { Row } from '../row-schema.ts';
import { dataFiles, firstIssue, messagesOf, type Problem, parseRows } from './read.ts';

export const outcomeMappingSchema = z
  .strictObject({
    simple: z.array(z.string()),
    moderate: z.array(z.string()),
    complex: z.array(z.string()),
  })
  .refine(
    (tiers) =>
      new Set(TIERS.flatMap((tier) => tiers[tier])).size === TIERS.flatMap((tier) => tiers[tier]).length,
    {
      message: 'a model stands in two tiers',
    },
  );

/** The models of the tables by the tier they stand for. */
export type OutcomeMapping = Readonly<Record<(typeof TIERS)[number], readonly string[]>>;

/** Reads a mapping. Throws an Error that names file and field. */
export function readOutcomeMapping(path: string): OutcomeMapping {
  const parsed = outcomeMappingSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path}: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

export type Answer = 'yes' | 'no' | 'unknown';

export interface OutcomeRow {
  readonly id: string;
  readonly source: string;
  /** A conversation; a table's prompt is its one turn. */
  readonly messages: readonly PlainMessage[];
  readonly sufficient: PerTier<Answer>;
  /** Share of the known tiers' models that were asked, 0 to 1: how well the answers are founded. */
  readonly weight: number;
}

/** Score from which an answer counts as success. */
const SUCCESS = 0.5;

/** `mean`: the tier's typical model must succeed. `any`: one of its models is enough. */
export type OutcomeRule = 'mean' | 'any';

function reached(scores: readonly number[], rule: OutcomeRule): boolean {
  if (rule === 'any') return scores.some((score) => score >= SUCCESS);
  return scores.reduce((sum, score) => sum + score, 0) / scores.length >= SUCCESS;
}

/**
 * What a table says of each tier; `unknown` where none of its models is in the table and the order of the tiers says
 * nothing either: what a tier can do every higher one can, and what it cannot no lower one can. Where models
 * contradict that order, the success counts.
 */
export function sufficiencyOf(
  success: NonNullable<Row['success']>,
  mapping: OutcomeMapping,
  rule: OutcomeRule = 'mean',
): PerTier<Answer> {
  const own = TIERS.map((tier): Answer => {
    const scores = mapping[tier].flatMap((model) => success[model] ?? []);
    if (scores.length === 0) return 'unknown';
    return reached(scores, rule) ? 'yes' : 'no';
  });
  return perTier((tier) => {
    const rank = tierRank(tier);
    if (own.slice(0, rank + 1).includes('yes')) return 'yes';
    return own.slice(rank).includes('no') ? 'no' : 'unknown';
  });
}

function weightOf(success: NonNullable<Row['success']>, mapping: OutcomeMapping): number {
  const known = TIERS.filter((tier) => mapping[tier].some((model) => typeof success[model] === 'number'));
  return known.length / TIERS.length;
}

export interface Outcomes {
  readonly rows: readonly OutcomeRow[];
  readonly problems: readonly Problem[];
  /** Models of the tables that the mapping does not name, with the number of rows they are in. */
  readonly unmapped: Readonly<Record<string, number>>;
}

/** The outcome rows of a file or folder. Rows of which no tier is known are left out. */
export function readOutcomes(path: string, mapping: OutcomeMapping, rule: OutcomeRule = 'mean'): Outcomes {
  const named = new Set(TIERS.flatMap((tier) => mapping[tier]));
  const rows: OutcomeRow[] = [];
  const problems: Problem[] = [];
  const unmapped: Record<string, number> = {};
  for (const file of dataFiles(path)) {
    const read = parseRows(readFileSync(file, 'utf8'), file);
    problems.push(...read.problems);
    for (const { id, row, where } of read.rows) {
      const { success } = row;
      if (!success) {
        problems.push({ where, says: 'success: missing' });
        continue;
      }
      for (const model of Object.keys(success))
        if (!named.has(model)) unmapped[model] = (unmapped[model] ?? 0) + 1;
      const weight = weightOf(success, mapping);
      if (weight === 0) continue;
      const source = row.source ?? basename(file, '.jsonl');
      rows.push({
        id,
        source,
        messages: messagesOf(row),
        sufficient: sufficiencyOf(success, mapping, rule),
        weight,
      });
    }
  }
  return { rows, problems, unmapped };
}
