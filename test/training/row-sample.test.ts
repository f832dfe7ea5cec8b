import { describe, expect, it } from 'vitest';
import { createRowSample } from '../../src/training/row-sample.ts';

function sampled(ids: readonly string[], limit: number, prior: readonly string[] = []): string[] {
  const sample = createRowSample<string>(limit);
  for (const id of ids) sample.add(id, id, prior.includes(id));
  expect(sample.seen()).toBe(ids.length);
  return sample.rows().map(({ row }) => row);
}

const IDS = Array.from({ length: 1_000 }, (_, index) => `d${index}`);

describe('a sample of rows', () => {
  it('keeps all of them where they are few, in their order', () => {
    expect(sampled(IDS, 1_000)).toEqual(IDS);
    expect(sampled(IDS, Number.POSITIVE_INFINITY)).toEqual(IDS);
  });

  it('keeps the limit, the same rows whatever the order', () => {
    const kept = sampled(IDS, 100);
    expect(kept).toHaveLength(100);
    expect(new Set(sampled([...IDS].reverse(), 100))).toEqual(new Set(kept));
    expect(kept).toEqual(IDS.filter((id) => kept.includes(id)));
  });

  it('draws from the whole stream', () => {
    const halves = sampled(IDS, 200).map((id) => (Number(id.slice(1)) < 500 ? 0 : 1));
    const late = halves.filter((half) => half === 1).length;
    expect(late).toBeGreaterThan(70);
    expect(late).toBeLessThan(130);
  });

  it('keeps what goes before all others, and says where each row stood', () => {
    const prior = ['d3', 'd500', 'd999'];
    expect(sampled(IDS, 10, prior)).toEqual(expect.arrayContaining(prior));
    const sample = createRowSample<string>(2);
    for (const id of IDS) sample.add(id, id, id === 'd7');
    expect(sample.rows()).toContainEqual(expect.objectContaining({ index: 7, row: 'd7' }));
  });
});
