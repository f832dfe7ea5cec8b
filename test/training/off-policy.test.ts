import { describe, expect, it } from 'vitest';
import { type PerTier, perTier, TIERS, type Tier } from '../../src/core/tier.ts';
import type { Interval } from '../../src/training/bootstrap.ts';
import { effectiveSampleSize, estimateValue, type OffPolicyRow } from '../../src/training/off-policy.ts';
import { createRandom } from '../../src/training/random.ts';

const EXPLORED = 0.2;
const only = (one: Tier): PerTier<number> => perTier((tier) => (tier === one ? 1 : 0));

/** P(the tier is good enough) of a request of difficulty 0 to 1; what the model believes is off on purpose. */
const truth = (hard: number): PerTier<number> => ({
  simple: 1 - hard,
  moderate: 1 - hard / 3,
  complex: 0.97,
});
const belief = (hard: number): PerTier<number> => ({ simple: 0.9 - hard, moderate: 0.7, complex: 1 });

const logs = (hard: number): Tier => (hard < 0.5 ? 'simple' : 'moderate');
const wants = (hard: number): Tier => (hard < 0.35 ? 'simple' : hard < 0.8 ? 'moderate' : 'complex');

/** Of the policy `wants`, over difficulties spread evenly: a sum of its value over a fine grid. */
const GRID = Array.from({ length: 100_000 }, (_, index) => (index + 0.5) / 100_000);
const VALUE = GRID.reduce((sum, hard) => sum + truth(hard)[wants(hard)], 0) / GRID.length;
const LOGGED = GRID.reduce((sum, hard) => sum + truth(hard)[logs(hard)], 0) / GRID.length;

/** A log whose tier is `logs` but for a fifth of the requests, which go to any tier by chance; two of a session. */
function simulate(seed: number, count = 1_200, explored = EXPLORED): OffPolicyRow[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index): OffPolicyRow => {
    const hard = random.next();
    const usual = logs(hard);
    const action = random.next() < explored ? (TIERS[random.below(3)] ?? usual) : usual;
    const propensity = (action === usual ? 1 - explored : 0) + explored / 3;
    const reward = random.next() < truth(hard)[action] ? 1 : 0;
    return {
      group: `s${Math.floor(index / 2)}`,
      action,
      propensity,
      target: only(wants(hard)),
      reward,
      expected: belief(hard),
      added: 0,
      loggedAdded: 0,
    };
  });
}

const holds = ({ low, high }: Interval, value: number): boolean => low <= value && value <= high;

describe('on 100 simulated logs', () => {
  const reports = Array.from({ length: 100 }, (_, seed) => estimateValue(simulate(seed + 1)));

  it.each(['ips', 'snips', 'doublyRobust'] as const)('the interval of %s holds the truth in 90', (name) => {
    const held = reports.filter((report) => report?.estimates && holds(report.estimates[name], VALUE));
    expect(held.length).toBeGreaterThanOrEqual(90);
  });

  it('what was logged does not, so that the estimates have something to correct', () => {
    expect(Math.abs(VALUE - LOGGED)).toBeGreaterThan(0.04);
    const held = reports.filter((report) => report && holds(report.logged, VALUE));
    expect(held.length).toBeLessThan(50);
  });

  it('the doubly robust interval is no wider than that of inverse propensities on the whole', () => {
    const width = (name: 'ips' | 'doublyRobust'): number =>
      reports.reduce((sum, report) => {
        const { low = 0, high = 0 } = report?.estimates?.[name] ?? {};
        return sum + high - low;
      }, 0);
    expect(width('doublyRobust')).toBeLessThan(width('ips'));
  });
});

describe('a policy that the log itself followed', () => {
  it('is worth what the log says, by every estimate', () => {
    const rows = simulate(7, 500, 0).map((row) => ({ ...row, target: only(row.action) }));
    const report = estimateValue(rows);
    expect(report).toMatchObject({ effectiveRows: 500, unsupported: 0, agreement: { share: 1 } });
    for (const { value } of Object.values(report?.estimates ?? {}))
      expect(value).toBeCloseTo(report?.logged.value ?? 0);
    expect(report?.estimates).toBeDefined();
  });

  it('costs more by what it adds', () => {
    const rows = simulate(7, 500, 0).map((row) => ({ ...row, target: only(row.action), added: 2 }));
    const report = estimateValue(rows);
    for (const { value } of Object.values(report?.estimates ?? {}))
      expect(value).toBeCloseTo((report?.logged.value ?? 0) + 2);
  });
});

describe('no answer', () => {
  it('where nothing was explored, but what is known of the choices on which both agree', () => {
    const rows = simulate(3, 1_000, 0);
    const agreeing = rows.filter(({ action, target }) => target[action] === 1);
    const report = estimateValue(rows);
    expect(report?.estimates).toBeUndefined();
    expect(report?.refusal).toMatch(/nothing was explored: every tier was chosen with probability 1/);
    expect(report?.agreement.share).toBeCloseTo(agreeing.length / rows.length);
    expect(report?.agreement.value.value).toBeCloseTo(
      agreeing.reduce((sum, { reward }) => sum + reward, 0) / agreeing.length,
    );
  });

  it('where exploration never went to a tier that the policy wants', () => {
    const rows = simulate(3, 3_000).filter(({ action }) => action !== 'complex');
    const shifted = rows.map((row) => ({ ...row, propensity: Math.min(0.999, row.propensity) }));
    expect(estimateValue(shifted)?.refusal).toMatch(/exploration did not reach them/);
  });

  it('where the log is worth too few rows', () => {
    const rows = simulate(7, 50, 0).map((row) => ({ ...row, target: only(row.action) }));
    expect(estimateValue(rows)?.refusal).toMatch(/worth 50\.0 rows .*at least 100/);
    const bounds = { leastEffective: 50, mostUnsupported: 0.02 };
    expect(estimateValue(rows, { bounds })?.estimates).toBeDefined();
  });

  it('where no value is known', () => {
    expect(estimateValue(simulate(3, 10).map((row) => ({ ...row, reward: Number.NaN })))).toBeUndefined();
    expect(estimateValue([])).toBeUndefined();
  });

  it.each([0, -0.5, 1.5, Number.NaN])('with a propensity of %d', (propensity) => {
    const rows = simulate(3, 10).map((row) => ({ ...row, propensity }));
    expect(() => estimateValue(rows)).toThrow(RangeError);
  });
});

it.each([
  { weights: [1, 1, 1, 1], effective: 4 },
  { weights: [4, 0, 0, 0], effective: 1 },
  { weights: [2, 1, 1], effective: 16 / 6 },
  { weights: [0, 0], effective: 0 },
])('weights $weights are worth $effective rows', ({ weights, effective }) => {
  expect(effectiveSampleSize(weights)).toBeCloseTo(effective);
});
