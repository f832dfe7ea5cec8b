import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Tier } from '../../../src/core/tier.ts';
import { agreementOf, secondLabelSchema } from '../../../src/training/data/agreement.ts';

function pairs(...labels: readonly (readonly [Tier, Tier, number])[]) {
  return labels.flatMap(([first, second, count]) =>
    Array.from({ length: count }, (_, index) => ({
      id: `${first}${second}${index}`,
      world: 'w',
      first,
      second,
      certain: true,
    })),
  );
}

describe('agreementOf', () => {
  it('is perfect where both say the same', () => {
    expect(agreementOf(pairs(['simple', 'simple', 5], ['complex', 'complex', 5]))).toMatchObject({
      agreement: 1,
      kappa: 1,
    });
  });

  it('is worth nothing where they agree by chance', () => {
    const rows = pairs(
      ['simple', 'simple', 1],
      ['simple', 'complex', 1],
      ['complex', 'simple', 1],
      ['complex', 'complex', 1],
    );
    expect(agreementOf(rows)).toMatchObject({ agreement: 0.5, kappa: 0 });
  });

  it("is Cohen's kappa on a table worked by hand", () => {
    // observed 0.7; chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5
    const rows = pairs(
      ['simple', 'simple', 40],
      ['simple', 'moderate', 10],
      ['moderate', 'simple', 20],
      ['moderate', 'moderate', 30],
    );
    expect(agreementOf(rows).kappa).toBeCloseTo(0.4, 12);
  });
});

describe('the committed second labels', () => {
  const rows = readFileSync(new URL('../../../training-data/second-labels.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => secondLabelSchema.parse(JSON.parse(line)));

  it('cover a tenth of the rows and agree in 93 % or more', () => {
    expect(rows.length).toBeGreaterThanOrEqual(690);
    expect(agreementOf(rows).agreement).toBeGreaterThanOrEqual(0.93);
  });
});
