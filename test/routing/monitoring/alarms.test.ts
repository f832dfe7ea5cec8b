import { describe, expect, it } from 'vitest';
import type { DriftStats } from '../../../src/core/store.ts';
import { alarmsOf, riseOf, stabilityIndex, stabilityNoise } from '../../../src/routing/monitoring/alarms.ts';

/** Quiet traffic. */
function drift(over: Partial<DriftStats> = {}): DriftStats {
  return {
    local: { simple: 300, moderate: 150, complex: 50 },
    classified: 600,
    doubtful: 100,
    lengths: { 8: 200, 16: 200, 32: 200 },
    facts: { '': 500, '<|turns:2|>': 100 },
    tokens: { 3: 300, 40: 300 },
    judge: { answered: 100, disagreed: 50, meanConfidence: 0.5 },
    ...over,
  };
}

const names = (now: Partial<DriftStats>, before: Partial<DriftStats> = {}): string[] =>
  alarmsOf(drift(now), drift(before)).map(({ name }) => name);

describe('alarms', () => {
  it.each([
    { name: 'quiet traffic raises none', now: {}, raised: [] },
    { name: 'an empty log raises none', now: noTraffic(), before: noTraffic(), raised: [] },
    {
      name: 'one tier nearly always',
      now: { local: { simple: 385, moderate: 10, complex: 5 } },
      raised: ['nearly_constant'],
    },
    { name: 'one tier often', now: { local: { simple: 380, moderate: 10, complex: 10 } }, raised: [] },
    { name: 'one tier always, of few', now: { local: { simple: 199, moderate: 0, complex: 0 } }, raised: [] },
    { name: 'doubt that doubles', now: { doubtful: 200 }, raised: ['doubt_rising'] },
    { name: 'doubt that falls', now: { doubtful: 20 }, raised: [] },
    { name: 'doubt that rises by chance', now: { doubtful: 118 }, raised: [] },
    {
      name: 'doubt that certainly rises, by next to nothing',
      now: { classified: 1_000_000, doubtful: 110_000 },
      before: { classified: 1_000_000, doubtful: 100_000 },
      raised: [],
    },
    { name: 'doubt of few', now: { classified: 100, doubtful: 100 }, raised: [] },
    { name: 'longer prompts', now: { lengths: { 32: 100, 512: 500 } }, raised: ['lengths_drifting'] },
    { name: 'somewhat longer prompts', now: { lengths: { 8: 170, 16: 200, 32: 230 } }, raised: [] },
    { name: 'longer prompts, of few', now: { lengths: { 512: 100 } }, raised: [] },
    { name: 'tools all at once', now: { facts: { '<|tools:4|>': 600 } }, raised: ['facts_drifting'] },
    { name: 'other words', now: { tokens: { 3: 100, 9: 500 } }, raised: ['tokens_drifting'] },
    { name: 'somewhat other words', now: { tokens: { 3: 350, 40: 250 } }, raised: [] },
    { name: 'texts that are not kept', now: { facts: {}, tokens: {} }, raised: [] },
    {
      name: 'a judge that contradicts more than the confidence allows',
      now: { judge: { answered: 100, disagreed: 80, meanConfidence: 0.5 } },
      raised: ['judge_disagreeing'],
    },
    {
      name: 'a judge that contradicts about as often as expected',
      now: { judge: { answered: 100, disagreed: 65, meanConfidence: 0.5 } },
      raised: [],
    },
    {
      name: 'a judge asked hardly ever',
      now: { judge: { answered: 20, disagreed: 20, meanConfidence: 0.5 } },
      raised: [],
    },
  ])('$name: $raised', ({ now, before = {}, raised }) => {
    expect(names(now, before)).toEqual(raised);
  });

  it('compare lengths and facts with the training rows where these are known, and say so', () => {
    const now = drift({ lengths: { 512: 600 } });
    const trainedOn = {
      classifier: 'r9',
      lengths: { 8: 900, 16: 900 },
      facts: { '': 1_500, '<|turns:2|>': 300 },
    };
    const [alarm, ...others] = alarmsOf(now, now, trainedOn);
    expect(others).toEqual([]);
    expect(alarm).toMatchObject({
      name: 'lengths_drifting',
      says: expect.stringContaining('the rows that r9 was'),
    });
    expect(alarmsOf(drift(), now, { ...trainedOn, lengths: drift().lengths })).toEqual([]);
    expect(alarmsOf(now, drift())[0]?.says).toContain('the window before');
  });

  it('compare words with the window before where the bundle does not know its own', () => {
    const trainedOn = { classifier: 'old', lengths: drift().lengths, facts: drift().facts };
    const now = drift({ tokens: { 9: 600 } });
    expect(alarmsOf(now, drift(), trainedOn)).toMatchObject([
      { name: 'tokens_drifting', says: expect.stringContaining('the window before') },
    ]);
    expect(alarmsOf(now, now, { ...trainedOn, tokens: drift().tokens })).toMatchObject([
      { name: 'tokens_drifting', says: expect.stringContaining('the rows that old was trained on') },
    ]);
  });

  it('say what was seen and from where on it is raised', () => {
    const [alarm] = alarmsOf(drift({ doubtful: 200 }), drift());
    expect(alarm).toMatchObject({
      says: '33.3 % of the requests are in doubt, 16.7 % in the window before',
      bound: 0.05,
    });
    expect(alarm?.value).toBeCloseTo(1 / 6);
  });
});

function noTraffic(): DriftStats {
  return {
    local: { simple: 0, moderate: 0, complex: 0 },
    classified: 0,
    doubtful: 0,
    lengths: {},
    tokens: {},
    facts: {},
    judge: { answered: 0, disagreed: 0, meanConfidence: null },
  };
}

describe('the formulas', () => {
  it('the index of halves against four fifths is 0.416, in both directions', () => {
    const [halves, fifths] = [
      { a: 50_000, b: 50_000 },
      { a: 80_000, b: 20_000 },
    ];
    expect(stabilityIndex(halves, fifths)).toBeCloseTo(0.4159, 3);
    expect(stabilityIndex(fifths, halves)).toBeCloseTo(0.4159, 3);
    expect(stabilityIndex(halves, { a: 500, b: 500 })).toBeCloseTo(0);
  });

  it('a bucket that only one side has is no infinity', () => {
    expect(Number.isFinite(stabilityIndex({ a: 10 }, { b: 10 }))).toBe(true);
  });

  it('noise is the 99.9 % quantile of chi-square over the rows: 27.88 at nine degrees of freedom', () => {
    expect(stabilityNoise(10, 2, 2)).toBeCloseTo(27.88, 0);
  });

  it('the z of 10 to 20 in 100 is 1.98', () => {
    expect(riseOf({ count: 10, of: 100 }, { count: 20, of: 100 })).toBeCloseTo(1.98, 2);
    expect(riseOf({ count: 0, of: 100 }, { count: 0, of: 100 })).toBe(0);
  });
});
