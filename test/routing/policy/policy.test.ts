import { describe, expect, it } from 'vitest';
import type { ModelSpec } from '../../../src/core/routing.ts';
import type { Tier } from '../../../src/core/tier.ts';
import { estimateCost, orderCandidates, pinnedCandidate } from '../../../src/routing/policy/policy.ts';
import type { Requirements } from '../../../src/routing/requirements.ts';
import { modelOf } from '../../fakes/requests.ts';

const NEEDS: Requirements = {
  tools: false,
  vision: false,
  json: false,
  streaming: false,
  inputTokens: 1_000,
};
const ABLE = { tools: true, vision: true, json: true, streaming: true };

function priced(id: string, tier: Tier, input: number, output: number): ModelSpec {
  return modelOf(id, tier, { price: { input, output, asOf: '2026-01-01' } });
}

function unpriced(id: string, tier: Tier): ModelSpec {
  const { price: _, ...model } = modelOf(id, tier);
  return model;
}

function order(tier: Tier, models: readonly ModelSpec[], needs: Partial<Requirements> = {}) {
  return orderCandidates({ tier, models, needs: { ...NEEDS, ...needs }, expectedOutputTokens: 400 });
}

describe('the order of a plan', () => {
  it('is the tier, cheapest first and unknown prices last, then the tiers above', () => {
    const models = [
      priced('top', 'complex', 9, 9),
      unpriced('unknown', 'simple'),
      priced('dear', 'simple', 2, 2),
      priced('cheap', 'simple', 1, 1),
      priced('mid', 'moderate', 1, 1),
    ];
    const { candidates } = order('simple', models);
    expect(candidates.map(({ model, reason }) => [model, reason])).toEqual([
      ['cheap', 'serves simple'],
      ['dear', 'serves simple'],
      ['unknown', 'serves simple'],
      ['mid', 'next tier up from simple'],
      ['top', 'next tier up from simple'],
    ]);
    expect(candidates[2]?.estimatedCostUsd).toBeNull();
  });

  it('weighs input and output as the request has them', () => {
    const models = [priced('reads-cheaply', 'simple', 1, 10), priced('writes-cheaply', 'simple', 4, 1)];
    const first = (needs: Partial<Requirements>): string | undefined =>
      order('simple', models, needs).candidates[0]?.model;
    expect(first({ inputTokens: 100_000 })).toBe('reads-cheaply');
    expect(first({ inputTokens: 10 })).toBe('writes-cheaply');
    expect(first({ inputTokens: 1_000, maxOutputTokens: 5 })).toBe('reads-cheaply');
  });

  it('never goes down while a model at or above the tier can serve', () => {
    const models = [priced('low', 'simple', 1, 1), priced('top', 'complex', 9, 9)];
    const { candidates } = order('moderate', models);
    expect(candidates.map(({ model }) => model)).toEqual(['top']);
    expect(candidates[0]?.reason).toBe('no model of moderate can serve it');
  });

  it('goes down, nearest tier first, only where nothing else can serve', () => {
    const models = [priced('low', 'simple', 1, 1), priced('mid', 'moderate', 1, 1)];
    const { candidates } = order('complex', models);
    expect(candidates.map(({ model }) => model)).toEqual(['mid', 'low']);
    expect(candidates[0]?.reason).toBe('no model at or above complex can serve it');
  });
});

describe('what a request needs', () => {
  const without = (name: keyof typeof ABLE): ModelSpec =>
    modelOf('unable', 'simple', { capabilities: { ...ABLE, [name]: false } });
  const cases: readonly [string, ModelSpec, Partial<Requirements>, string][] = [
    ['tools', without('tools'), { tools: true }, 'cannot call tools'],
    ['images', without('vision'), { vision: true }, 'cannot read images'],
    ['JSON', without('json'), { json: true }, 'has no JSON mode'],
    ['a stream', without('streaming'), { streaming: true }, 'cannot stream'],
    [
      'a long prompt',
      modelOf('unable', 'simple', { contextWindow: 999 }),
      {},
      'prompt of about 1000 tokens exceeds its context window of 999',
    ],
    [
      'a long answer',
      modelOf('unable', 'simple', { maxOutputTokens: 8_192 }),
      { maxOutputTokens: 8_193 },
      'writes at most 8192 tokens, 8193 are allowed for',
    ],
  ];
  it.each(cases)('%s leaves out the models that lack it, with the reason', (_, unable, needs, reason) => {
    const { candidates, excluded } = order('simple', [unable, modelOf('able', 'moderate')], needs);
    expect(candidates.map(({ model }) => model)).toEqual(['able']);
    expect(excluded).toEqual([{ model: 'unable', tier: 'simple', reason }]);
    expect(order('simple', [unable], { inputTokens: 1 }).candidates).toHaveLength(1);
  });

  it('beyond every context window is context_too_long', () => {
    expect(() =>
      order('simple', [modelOf('a', 'simple'), modelOf('b', 'complex')], { inputTokens: 200_000 }),
    ).toThrow(expect.objectContaining({ code: 'context_too_long' }));
  });

  it('beyond every model is unsupported, with each reason', () => {
    const models = [without('tools'), modelOf('tiny', 'complex', { contextWindow: 10 })];
    expect(() => order('simple', models, { tools: true })).toThrow(
      expect.objectContaining({
        code: 'unsupported',
        message: expect.stringMatching(/unable cannot call tools; tiny .*context window/),
      }),
    );
    expect(() => order('simple', [])).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  it('is not held against a pinned model: its provider decides', () => {
    const { candidates } = pinnedCandidate(without('tools'), { ...NEEDS, tools: true }, 400);
    expect(candidates).toMatchObject([{ model: 'unable', reason: 'pinned' }]);
  });
});

describe('estimates', () => {
  it('assume the expected output, or the ceiling where that is lower', () => {
    const model = priced('m', 'simple', 1, 10);
    expect(estimateCost(model, NEEDS, 400)).toBeCloseTo(0.001 + 0.004, 12);
    expect(estimateCost(model, { ...NEEDS, maxOutputTokens: 100 }, 400)).toBeCloseTo(0.001 + 0.001, 12);
    expect(estimateCost(model, { ...NEEDS, maxOutputTokens: 9_000 }, 400)).toBeCloseTo(0.001 + 0.004, 12);
  });
});
