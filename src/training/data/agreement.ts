/** How far two labellers agree, row by row. */
import { z } from 'zod';
import { type PerTier, perTier, TIERS, type Tier } from '../../core/tier.ts';

export const secondLabelSchema = z.strictObject({
  id: z.string().describe('id of the row'),
  world: z.string(),
  first: z.enum(TIERS).describe("the writer's label"),
  second: z.enum(TIERS).describe('the label given blind'),
  certain: z.boolean().describe('false where the second labeller hesitated'),
});

export type SecondLabel = z.infer<typeof secondLabelSchema>;

export interface Agreement {
  readonly rows: number;
  /** Share of rows with the same label. */
  readonly agreement: number;
  /** Cohen's kappa (1960): agreement beyond chance, 1 is perfect. */
  readonly kappa: number;
  /** Kappa of each tier against the two others. */
  readonly kappaOf: PerTier<number>;
  /** Rows by first, then second label. */
  readonly confusion: PerTier<PerTier<number>>;
}

function kappa(rows: readonly SecondLabel[], classOf: (tier: Tier) => string): number {
  const share = (test: (row: SecondLabel) => boolean): number => rows.filter(test).length / rows.length;
  const observed = share((row) => classOf(row.first) === classOf(row.second));
  const classes = [...new Set(TIERS.map(classOf))];
  const chance = classes.reduce(
    (sum, name) =>
      sum + share((row) => classOf(row.first) === name) * share((row) => classOf(row.second) === name),
    0,
  );
  return (observed - chance) / (1 - chance);
}

/** Agreement over rows labelled twice; at least one row. */
export function agreementOf(rows: readonly SecondLabel[]): Agreement {
  return {
    rows: rows.length,
    agreement: rows.filter((row) => row.first === row.second).length / rows.length,
    kappa: kappa(rows, (tier) => tier),
    kappaOf: perTier((tier) => kappa(rows, (each) => (each === tier ? tier : 'other'))),
    confusion: perTier((first) =>
      perTier((second) => rows.filter((row) => row.first === first && row.second === second).length),
    ),
  };
}
