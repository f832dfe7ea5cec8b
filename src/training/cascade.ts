/** The gated cascade, replayed from recorded answers: the local model where it is sure, the judge in doubt. */
import { z } from 'zod';
import { TIERS, type Tier } from '../core/tier.ts';
import { accuracy, complexToSimple, type Judged } from './metrics.ts';

/** Judge's name to row id to the tier it answered. */
export type JudgeAnswers = ReadonlyMap<string, ReadonlyMap<string, Tier>>;

const lineSchema = z.record(z.string(), z.string());

/** Reads lines of `id` and one tier per judge; answers that are no tier are left out. */
export function parseJudgeAnswers(text: string): JudgeAnswers {
  const judges = new Map<string, Map<string, Tier>>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const { id = '', ...answers } = lineSchema.parse(JSON.parse(line));
    for (const [judge, answer] of Object.entries(answers)) {
      const tier = TIERS.find((name) => name === answer.toLowerCase());
      if (!tier) continue;
      const known = judges.get(judge) ?? new Map<string, Tier>();
      judges.set(judge, known.set(id, tier));
    }
  }
  return judges;
}

export interface CascadePoint {
  /** Share of rows put to the judge. */
  readonly calls: number;
  readonly accuracy: number;
  readonly complexToSimple: number;
}

/** Share of calls 0, 0.1 … 1: the least confident rows go to the judge. Rows without its answer stay local. */
export function cascade(
  rows: readonly (Judged & { readonly id: string })[],
  answers: ReadonlyMap<string, Tier>,
): CascadePoint[] {
  const order = [...rows].sort((a, b) => a.confidence - b.confidence);
  return Array.from({ length: 11 }, (_, step) => {
    const asked = Math.round((step / 10) * order.length);
    const decided = order.map((row, at) => ({
      ...row,
      tier: at < asked ? (answers.get(row.id) ?? row.tier) : row.tier,
    }));
    return { calls: step / 10, accuracy: accuracy(decided), complexToSimple: complexToSimple(decided) };
  });
}
