import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attempt, Feedback } from '../../src/core/routing.ts';
import type { LabelledDecision } from '../../src/core/store.ts';
import { TIERS, type Tier } from '../../src/core/tier.ts';
import { judgementOf, tierOf } from '../../src/training/judgements.ts';

const unknown = Number.NaN;

function attempt(tier: Tier, status: Attempt['status']): Attempt {
  return { index: 0, model: 'm', provider: 'p', tier, status, costUsd: 0, latencyMs: 1, dropped: [] };
}

function row(over: Partial<LabelledDecision> & { signals?: readonly Partial<Feedback>[] }): LabelledDecision {
  const { signals = [], ...rest } = over;
  const feedback = signals.map(
    (signal, index): Feedback => ({ id: `${index}`, decisionId: 'd', kind: 'rating', at: index, ...signal }),
  );
  return { decisionId: 'd', at: 0, text: 't', featureVersion: '1', attempts: [], feedback, ...rest };
}

describe('judgementOf', () => {
  it.each([
    {
      name: 'a person names the tier',
      given: row({ signals: [{ tier: 'moderate' }] }),
      sufficient: [0, 1],
      weight: 1,
    },
    {
      name: 'a person says complex',
      given: row({ signals: [{ tier: 'complex' }] }),
      sufficient: [0, 0],
      weight: 1,
    },
    {
      name: 'thumbs up on moderate says nothing about simple',
      given: row({ answeredBy: 'moderate', signals: [{ rating: 'up' }] }),
      sufficient: [unknown, 1],
      weight: 0.7,
    },
    {
      name: 'thumbs up on simple says all',
      given: row({ answeredBy: 'simple', signals: [{ rating: 'up' }] }),
      sufficient: [1, 1],
      weight: 0.7,
    },
    {
      name: 'thumbs down on simple says nothing about moderate',
      given: row({ answeredBy: 'simple', signals: [{ rating: 'down' }] }),
      sufficient: [0, unknown],
      weight: 0.7,
    },
    {
      name: 'thumbs down on moderate condemns simple too',
      given: row({ answeredBy: 'moderate', signals: [{ rating: 'down' }] }),
      sufficient: [0, 0],
      weight: 0.7,
    },
    {
      name: 'a low score is a thumb down',
      given: row({ answeredBy: 'simple', signals: [{ score: 0.2 }] }),
      sufficient: [0, unknown],
      weight: 0.7,
    },
    {
      name: 'an escalation knows the tier that failed and the one that passed',
      given: row({ attempts: [attempt('simple', 'rejected'), attempt('moderate', 'ok')] }),
      sufficient: [0, 1],
      weight: 0.5,
    },
    {
      name: 'the judge is weak and knows all',
      given: row({ judge: 'simple' }),
      sufficient: [1, 1],
      weight: 0.3,
    },
    {
      name: 'a retry says that the answering tier did not do',
      given: row({ answeredBy: 'moderate', retried: true }),
      sufficient: [0, 0],
      weight: 0.2,
    },
    {
      name: 'a thumb up goes before a retry',
      given: row({ answeredBy: 'simple', retried: true, signals: [{ rating: 'up' }] }),
      sufficient: [1, 1],
      weight: 0.7,
    },
    {
      name: 'a measured outcome knows the tiers it names',
      given: row({ signals: [{ outcome: { simple: false, moderate: true } }] }),
      sufficient: [0, 1],
      weight: 0.8,
    },
    {
      name: 'a measured success of a tier says nothing of those below',
      given: row({ signals: [{ outcome: { moderate: true } }] }),
      sufficient: [unknown, 1],
      weight: 0.8,
    },
    {
      name: 'a measured outcome against the order of the tiers goes up',
      given: row({ signals: [{ outcome: { simple: true, moderate: false } }] }),
      sufficient: [0, 0],
      weight: 0.8,
    },
    {
      name: 'a measured failure of the highest tier fails all below',
      given: row({ signals: [{ outcome: { complex: false } }] }),
      sufficient: [0, 0],
      weight: 0.8,
    },
    {
      name: 'the stronger signal decides, the weaker fills in',
      given: row({ answeredBy: 'simple', judge: 'moderate', signals: [{ rating: 'down' }] }),
      sufficient: [0, 1],
      weight: 0.7,
    },
    {
      name: 'contradictions go up',
      given: row({ answeredBy: 'moderate', judge: 'simple', signals: [{ rating: 'down' }] }),
      sufficient: [0, 0],
      weight: 0.7,
    },
  ])('$name', ({ given, sufficient, weight }) => {
    expect(judgementOf(given)).toMatchObject({ sufficient, weight });
  });

  it.each([
    {
      name: 'a thumb up on complex says nothing of the tiers below',
      given: row({ answeredBy: 'complex', signals: [{ rating: 'up' }] }),
      seen: [unknown, unknown, 1],
      sufficient: [unknown, unknown],
    },
    {
      name: 'a thumb down speaks of the tier that answered',
      given: row({ answeredBy: 'moderate', signals: [{ rating: 'down' }] }),
      seen: [unknown, 0, unknown],
      sufficient: [0, 0],
    },
    {
      name: 'a measured outcome of all tiers',
      given: row({ signals: [{ outcome: { simple: false, complex: false } }] }),
      seen: [0, unknown, 0],
      sufficient: [0, 0],
    },
    {
      name: 'an escalation',
      given: row({ attempts: [attempt('simple', 'rejected'), attempt('moderate', 'ok')] }),
      seen: [0, 1, unknown],
      sufficient: [0, 1],
    },
  ])('$name: the answers that were seen', ({ given, seen, sufficient }) => {
    expect(judgementOf(given)).toMatchObject({ seen, sufficient });
  });

  it.each([
    { name: 'the judge', given: row({ judge: 'simple' }) },
    {
      name: 'a person who names the tier',
      given: row({ answeredBy: 'simple', retried: true, signals: [{ tier: 'simple' }] }),
    },
  ])('$name has seen no answer', ({ given }) => {
    expect(judgementOf(given)?.seen).toBeUndefined();
  });

  it('is counted against the key that voted, else against the one that asked', () => {
    const given = { answeredBy: 'simple', apiKey: 'asker' } as const;
    expect(judgementOf(row({ ...given, signals: [{ rating: 'up', apiKey: 'voter' }] }))?.by).toBe('voter');
    expect(judgementOf(row({ ...given, retried: true }))?.by).toBe('asker');
  });

  it.each([
    { name: 'a retry of a request nobody answered', given: row({ retried: true }) },
    { name: 'a comment', given: row({ answeredBy: 'simple', signals: [{ comment: 'hm' }] }) },
    { name: 'a thumb on a request nobody answered', given: row({ signals: [{ rating: 'down' }] }) },
    {
      name: 'an attempt that failed for other reasons',
      given: row({ attempts: [attempt('simple', 'failed'), attempt('moderate', 'ok')] }),
    },
  ])('$name teaches nothing', ({ given }) => {
    expect(judgementOf(given)).toBeUndefined();
  });

  it('never says that a tier is enough and a higher one is not', () => {
    const tier = fc.constantFrom(...TIERS);
    const signal = fc.oneof(
      fc.record({ tier }),
      fc.record({ rating: fc.constantFrom('up' as const, 'down' as const) }),
      fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    const attempts = fc.array(
      fc.tuple(tier, fc.constantFrom('ok' as const, 'rejected' as const, 'failed' as const)),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(
        fc.array(signal, { maxLength: 3 }),
        tier,
        fc.option(tier),
        attempts,
        (signals, answeredBy, judge, tried) => {
          const given = row({
            signals,
            answeredBy,
            ...(judge ? { judge } : {}),
            attempts: tried.map(([at, status]) => attempt(at, status)),
          });
          const [simple, moderate] = judgementOf(given)?.sufficient ?? [unknown, unknown];
          expect(simple === 1 && moderate === 0).toBe(false);
        },
      ),
    );
  });
});

describe('tierOf', () => {
  it.each([
    [[1, 1], 'simple'],
    [[0, 1], 'moderate'],
    [[0, 0], 'complex'],
    [[unknown, 0], 'complex'],
    [[unknown, 1], undefined],
    [[0, unknown], undefined],
  ] as const)('%j is %s', (sufficient, tier) => {
    expect(tierOf(sufficient)).toBe(tier);
  });

  it('is none where complex failed too, so that no figure counts the request as one that complex would answer', () => {
    expect(tierOf([0, 0], [unknown, unknown, 0])).toBeUndefined();
    expect(tierOf([0, 0], [unknown, 0, 1])).toBe('complex');
  });
});
