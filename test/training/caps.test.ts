import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Feedback } from '../../src/core/routing.ts';
import type { LabelledDecision } from '../../src/core/store.ts';
import { capWeights, DEFAULT_CAPS, type Weighted } from '../../src/training/caps.ts';
import { collectFeedback } from '../../src/training/feedback-examples.ts';

const CAPS = { perKeyPerDay: 10, perSession: 4, perDay: 25 };
const DAY = 86_400_000;

const many = (count: number, row: Partial<Weighted>): Weighted[] =>
  Array.from({ length: count }, () => ({ weight: 1, at: 0, ...row }));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('capWeights', () => {
  it.each([
    { name: 'a few votes keep their weight', rows: many(3, { key: 'a' }), weight: 3 },
    { name: 'a key is held to its day', rows: many(50, { key: 'a' }), weight: 10 },
    {
      name: 'a key has every day anew',
      rows: [...many(50, { key: 'a' }), ...many(50, { key: 'a', at: DAY })],
      weight: 20,
    },
    { name: 'nobody is one key', rows: many(50, {}), weight: 10 },
    { name: 'a session is held', rows: many(50, { key: 'a', session: 's' }), weight: 4 },
    {
      name: 'a day is held',
      rows: ['a', 'b', 'c', 'd'].flatMap((key) => many(50, { key })),
      weight: 25,
    },
  ])('$name', ({ rows, weight }) => {
    expect(sum(capWeights(rows, CAPS).weights)).toBeCloseTo(weight);
  });

  it('scales what is above and drops nothing, and says what it took from whom', () => {
    const rows = [...many(50, { key: 'a' }), ...many(2, { key: 'b' })];
    const { weights, excess } = capWeights(rows, CAPS);
    expect(weights[0]).toBeCloseTo(0.2);
    expect(weights[51]).toBe(1);
    expect(excess).toEqual({
      perSession: { groups: 0, rows: 0, removed: 0 },
      perKeyPerDay: { groups: 1, rows: 50, removed: 40 },
      perDay: { groups: 0, rows: 0, removed: 0 },
    });
  });

  it('holds every limit for any rows, and never raises a weight', () => {
    const row = fc.record({
      weight: fc.double({ min: 0, max: 5, noNaN: true }),
      at: fc.integer({ min: 0, max: 3 * DAY }),
      session: fc.option(fc.constantFrom('s', 't'), { nil: undefined }),
      key: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
        const { weights } = capWeights(rows, CAPS);
        const total = (test: (row: Weighted) => boolean): number =>
          sum(weights.filter((_, index) => test(rows[index] as Weighted)));
        for (const [index, weight] of weights.entries()) {
          expect(weight).toBeLessThanOrEqual(rows[index]?.weight ?? 0);
        }
        for (const day of [0, 1, 2, 3]) {
          const today = ({ at }: Weighted): boolean => Math.floor(at / DAY) === day;
          expect(total(today)).toBeLessThanOrEqual(CAPS.perDay + 1e-9);
          for (const key of ['a', 'b', 'c', undefined]) {
            expect(total((it) => today(it) && it.key === key)).toBeLessThanOrEqual(CAPS.perKeyPerDay + 1e-9);
          }
        }
        for (const session of ['s', 't']) {
          expect(total((it) => it.session === session)).toBeLessThanOrEqual(CAPS.perSession + 1e-9);
        }
      }),
    );
  });
});

async function* logged(): AsyncGenerator<LabelledDecision> {
  const vote = (id: string, over: Partial<Feedback>): LabelledDecision => ({
    decisionId: id,
    at: 0,
    text: id,
    featureVersion: '1',
    apiKey: 'app',
    answeredBy: 'simple',
    attempts: [],
    feedback: [{ id, decisionId: id, kind: 'rating', at: 0, rating: 'down', ...over }],
  });
  for (let index = 0; index < 1_000; index++) yield vote(`hostile${index}`, { apiKey: 'hostile' });
  for (let index = 0; index < 100; index++)
    yield vote(`honest${index}`, { apiKey: `honest${index % 4}`, rating: 'up' });
}

describe('one key with a thousand hostile votes', () => {
  it('moves no more than its cap, and the honest votes keep their weight', async () => {
    const { examples, excess } = await collectFeedback(logged(), '1');
    expect(examples).toHaveLength(1_100);
    const weight = (who: string): number =>
      sum(examples.filter(({ id }) => id.startsWith(who)).map((example) => example.weight ?? 1));
    expect(weight('hostile')).toBeCloseTo(DEFAULT_CAPS.perKeyPerDay);
    expect(weight('honest')).toBeCloseTo(70);
    expect(excess.perKeyPerDay).toMatchObject({ groups: 1, rows: 1_000 });
    expect(excess.perKeyPerDay.removed).toBeCloseTo(700 - DEFAULT_CAPS.perKeyPerDay);
  });
});
