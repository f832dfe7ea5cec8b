import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Classification, Decision, JudgeAnswer } from '../../src/core/routing.ts';
import type { StoredDecision } from '../../src/core/store.ts';
import { perTier, type Tier } from '../../src/core/tier.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { createRandom } from '../../src/training/random.ts';
import {
  type Context,
  contextOf,
  parseTierMap,
  type Question,
  rowsOf,
} from '../../src/training/target-policy.ts';
import { decisionOf, outcomeOf } from '../contracts/store.ts';

function classification(tier: Tier, confidence: number): Classification {
  const rest = (1 - confidence) / 2;
  const probabilities = perTier((each) => (each === tier ? confidence : rest));
  const { simple, moderate } = probabilities;
  return {
    tier,
    confidence,
    probabilities,
    sufficiency: { simple, moderate: simple + moderate, complex: 1 },
  };
}

const judgeSays = (tier: Tier): JudgeAnswer => ({
  status: 'answered',
  tier,
  model: 'j',
  cached: false,
  latencyMs: 1,
  costUsd: 0.001,
});

function logged(over: Partial<Decision>, more: Partial<StoredDecision> = {}): StoredDecision {
  const decision = decisionOf('d', {
    classification: classification('simple', 0.65),
    gate: { sure: true, threshold: 0.6 },
    ...over,
  });
  return { decision, outcome: outcomeOf(decision.id, { tier: decision.tier }), feedback: [], ...more };
}

async function contextsOf(rows: readonly StoredDecision[], question: Question): Promise<Context[]> {
  const contexts = await Promise.all(rows.map((row) => contextOf(row, question)));
  return contexts.flatMap((context) => context ?? []);
}

async function targetOf(row: StoredDecision, question: Question, others: readonly StoredDecision[] = []) {
  return rowsOf(await contextsOf([row, ...others], question), question).cost[0]?.target;
}

const sure = logged({});
const judged = logged({
  classification: classification('simple', 0.5),
  gate: { sure: false, threshold: 0.6 },
  source: 'nano',
  judge: judgeSays('moderate'),
  tier: 'moderate',
});
const unanswered = logged({
  classification: classification('simple', 0.5),
  gate: { sure: false, threshold: 0.6 },
  source: 'fallback',
  judge: { status: 'timeout', model: 'j', cached: false, latencyMs: 1, costUsd: 0.001 },
  tier: 'moderate',
});

describe('the policy in question', () => {
  it.each([
    { name: 'stays sure', row: sure, question: { threshold: 0.6 }, target: [1, 0, 0] },
    { name: 'is sure where the log was not', row: judged, question: { threshold: 0.4 }, target: [1, 0, 0] },
    { name: 'hears what the judge said', row: judged, question: { threshold: 0.7 }, target: [0, 1, 0] },
    { name: 'goes up where it said nothing', row: unanswered, question: {}, target: [0, 1, 0] },
    { name: 'goes up where there is no judge', row: sure, question: { threshold: 0.7 }, target: [0, 1, 0] },
    {
      name: 'keeps the bound of the simple tier',
      row: logged({ gate: { sure: false, threshold: 0.7, simpleFrom: 0.7 } }),
      question: { threshold: 0.4 },
      target: [0, 1, 0],
    },
    {
      name: 'has the bound of the other bundle',
      row: sure,
      question: { threshold: 0.4, simpleFrom: 0.7, classify: async () => classification('simple', 0.65) },
      target: [0, 1, 0],
    },
    {
      name: 'maps tiers last',
      row: judged,
      question: { tierMap: { moderate: 'complex' as const } },
      target: [0, 0, 1],
    },
    {
      name: 'reads another bundle',
      row: sure,
      question: { classify: async () => classification('complex', 0.9) },
      target: [0, 0, 1],
    },
  ])('$name', async ({ row, question, target: [simple, moderate, complex] }) => {
    expect(await targetOf(row, question)).toEqual({ simple, moderate, complex });
  });

  it('expects of a judge it has to ask what it answered to others', async () => {
    const others = Array.from({ length: 20 }, (_, index) =>
      logged({ ...judged.decision, judge: judgeSays(index < 15 ? 'simple' : 'complex') }),
    );
    expect(await targetOf(sure, { threshold: 0.7 }, others)).toEqual({
      simple: 0.75,
      moderate: 0,
      complex: 0.25,
    });
  });

  it('pays the judge where it asks and only there', async () => {
    const rows = [sure, judged];
    const paid = async (threshold: number): Promise<number[]> => {
      const { cost } = rowsOf(await contextsOf(rows, { threshold }), { threshold });
      return cost.map(({ added }) => added);
    };
    expect(await paid(0.4)).toEqual([0, 0]);
    expect(await paid(0.6)).toEqual([0, 0.001]);
    expect(await paid(0.7)).toEqual([0.001, 0.001]);
  });

  it.each([
    { name: 'forced by the caller', row: logged({ source: 'override' }) },
    { name: 'of a static route', row: logged({ source: 'static' }) },
    {
      name: 'moved by bounds',
      row: logged({
        bounds: { minTier: 'complex', maxTier: 'complex', movedFrom: 'simple', from: ['policy'] },
      }),
    },
    { name: 'without a classification', row: { decision: decisionOf('d'), feedback: [] } },
    {
      name: 'whose text is not kept, where another bundle has to read it',
      row: logged({ text: '' }),
      question: { classify: async () => classification('simple', 1) },
    },
  ])('has no say in a request $name', async ({ row, question = {} }) => {
    expect(await contextOf(row, question)).toBeUndefined();
  });
});

describe('good enough', () => {
  const vote = (rating: 'up' | 'down') => [
    { id: 'f', decisionId: 'd', kind: 'rating' as const, at: 1, rating },
  ];
  it.each([
    { name: 'a thumb up', row: logged({}, { feedback: vote('up') }), sufficient: 1 },
    { name: 'a thumb down', row: logged({}, { feedback: vote('down') }), sufficient: 0 },
    {
      name: 'a thumb down on complex',
      row: logged({ tier: 'complex' }, { feedback: vote('down') }),
      sufficient: 0,
    },
    { name: 'silence', row: logged({}), sufficient: Number.NaN },
    { name: 'silence on complex', row: logged({ tier: 'complex' }), sufficient: Number.NaN },
    { name: 'the judge', row: judged, sufficient: Number.NaN },
    {
      name: 'a thumb up after an escalation, which says nothing of the chosen tier',
      row: logged({}, { feedback: vote('up'), outcome: outcomeOf('d', { tier: 'moderate' }) }),
      sufficient: Number.NaN,
    },
  ])('by $name: $sufficient', async ({ row, sufficient }) => {
    expect((await contextOf(row, {}))?.sufficient).toBe(sufficient);
  });
});

describe('parseTierMap', () => {
  it('reads pairs', () => {
    expect(parseTierMap('simple=moderate, moderate=complex')).toEqual({
      simple: 'moderate',
      moderate: 'complex',
    });
  });
  it.each(['simple', 'simple=huge', 'tiny=simple', '', 'a=b=c'])('refuses %j', (text) => {
    expect(() => parseTierMap(text)).toThrow(/--tier-map/);
  });
});

describe('npm run whatif', () => {
  /** Sure decisions for simple, a fifth of them explored one tier up, with a thumb each. */
  async function seed(explored: number): Promise<string> {
    const path = join(mkdtempSync(join(tmpdir(), 'whatif-')), 'router.db');
    const store = await openSqliteStore(path);
    const random = createRandom(1);
    for (let index = 0; index < 800; index++) {
      const up = random.next() < explored;
      const tier: Tier = up ? 'moderate' : 'simple';
      const { decision } = logged({
        id: `d${index}`,
        at: Date.now() - 1_000,
        tier,
        propensity: up ? explored : 1 - explored,
      });
      await store.recordDecision(decision);
      const costUsd = up ? 0.03 : 0.01;
      await store.recordOutcome(outcomeOf(decision.id, { tier, costUsd }));
      const rating = random.next() < (up ? 0.9 : 0.6) ? 'up' : 'down';
      await store.addFeedback([{ decisionId: decision.id, kind: 'rating', rating }], Date.now());
    }
    await store.close();
    return path;
  }

  function whatif(...args: string[]): { code: number | null; out: string; err: string } {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'scripts/whatif.ts', ...args],
      { encoding: 'utf8' },
    );
    return { code: status, out: stdout, err: stderr };
  }

  it('answers from a log with exploration', async () => {
    const { code, out } = whatif('--threshold', '0.7', '--store', await seed(0.3));
    expect(out).toMatch(/800 decisions, 800 of them by the classifier/);
    expect(out).toMatch(/doubly robust +\$0\.0300 \(\$0\.0300 to \$0\.0300\)/);
    const [, good] = /self-normalised +([\d.]+) %/.exec(out) ?? [];
    expect(Math.abs(Number(good) - 90)).toBeLessThan(6);
    expect(code).toBe(0);
  });

  it('refuses from one without, and names the share on which both agree', async () => {
    const { code, out } = whatif('--tier-map', 'simple=moderate', '--store', await seed(0));
    expect(out).toMatch(/NO ANSWER: 100\.0 % of its choices were never tried.*nothing was explored/);
    expect(out).toMatch(/the two policies agree on no request/);
    expect(code).toBe(3);
  });

  it.each([
    [[], /Say what should be different/],
    [['--threshold', '7'], /--threshold: must be between 0 and 1/],
    [['--threshold', '0.7', '--store', '/nowhere/router.db'], /There is no store at/],
  ])('refuses %j', (args, says) => {
    expect(whatif(...args)).toMatchObject({ code: 2, err: expect.stringMatching(says) });
  });
});
