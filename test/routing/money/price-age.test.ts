import { expect, it } from 'vitest';
import type { ModelSpec } from '../../../src/core/routing.ts';
import { priceWarnings } from '../../../src/routing/money/price-age.ts';

const model = (id: string, asOf?: string): ModelSpec => ({
  id,
  provider: 'acme',
  upstreamModel: id,
  tier: 'simple',
  contextWindow: 1_000,
  capabilities: { tools: true, vision: false, json: true, streaming: true },
  ...(asOf ? { price: { input: 1, output: 1, asOf } } : {}),
});

const now = Date.UTC(2026, 6, 20);
const facts = { judge: undefined, now, maxAgeDays: 100, judgeUnknownUsd: 0.001 };

it('says nothing where all prices are known and fresh', () => {
  expect(priceWarnings({ ...facts, models: [model('a', '2026-04-11')] })).toEqual([]);
});

it('takes what costs nothing for free, however long ago that was read', () => {
  const own = { ...model('own'), price: { input: 0, output: 0, asOf: '2020-01-01' } };
  expect(priceWarnings({ ...facts, models: [own] })).toEqual([]);
});

it('names old prices, and those there are none of, but not all of many', () => {
  const models = [model('a', '2026-04-10'), ...Array.from({ length: 7 }, (_, at) => model(`m${at}`))];
  expect(priceWarnings({ ...facts, models })).toEqual([
    'prices read more than 100 days ago: a',
    'no price, so their cost is unknown: m0, m1, m2, m3, m4 and 2 more',
  ]);
});

it('says what a judge without a price counts', () => {
  expect(priceWarnings({ ...facts, models: [], judge: model('j') })).toEqual([
    'the judge j has no price: each question counts 0.001 USD against its budget',
  ]);
});
