import { describe, expect, it } from 'vitest';
import type { Attempt, Outcome } from '../../src/core/routing.ts';
import type { Store } from '../../src/core/store.ts';
import { perTier } from '../../src/core/tier.ts';
import { createOutputLengths, withOutputLengths } from '../../src/routing/output-lengths.ts';

describe('lengths of answers', () => {
  it('begin as configured, follow what is seen, and each tier its own', () => {
    const lengths = createOutputLengths(perTier(() => 400));
    expect(lengths.expect('simple')).toBe(400);
    lengths.observe('simple', 50);
    expect(lengths.expect('simple')).toBeGreaterThan(370);
    for (let answer = 0; answer < 500; answer++) lengths.observe('simple', 50);
    expect(lengths.expect('simple')).toBeLessThan(65);
    expect(lengths.expect('complex')).toBe(400);
  });

  it('forget, so that the recent answers count', () => {
    const lengths = createOutputLengths(perTier(() => 100));
    for (let answer = 0; answer < 5_000; answer++) lengths.observe('complex', 1_000);
    for (let answer = 0; answer < 2_500; answer++) lengths.observe('complex', 200);
    expect(lengths.expect('complex')).toBeLessThan(220);
  });

  it('are not tilted by one giant', () => {
    const lengths = createOutputLengths(perTier(() => 100));
    lengths.observe('simple', 1_000_000);
    expect(lengths.expect('simple')).toBeLessThan(200);
  });
});

describe('a store they are learnt from', () => {
  const usage = {
    inputTokens: 1,
    outputTokens: 77,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
  const attempt = (over: Partial<Attempt>): Attempt => ({
    index: 0,
    model: 'm',
    provider: 'p',
    tier: 'simple',
    status: 'ok',
    usage,
    costUsd: 0,
    latencyMs: 1,
    dropped: [],
    ...over,
  });
  const outcome = (over: Partial<Outcome>): Outcome => ({
    decisionId: 'd',
    at: 0,
    status: 'ok',
    tier: 'simple',
    model: 'm',
    escalated: false,
    attempts: [attempt({})],
    costUsd: 0,
    baselineCostUsd: 0,
    latencyMs: 1,
    ...over,
  });

  it.each([
    [
      'the answer, not what was rejected before it',
      { attempts: [attempt({ status: 'rejected', model: 'x' }), attempt({})] },
      [['simple', 77]],
    ],
    ['nothing of a failure', { status: 'failed' as const }, []],
    ['nothing where the usage is unknown', { attempts: [attempt({ usage: undefined as never })] }, []],
  ])('sees %s', async (_, over, seen) => {
    const told: unknown[] = [];
    const recorded: Outcome[] = [];
    const inner = { recordOutcome: async (one: Outcome) => void recorded.push(one) } as unknown as Store;
    const store = withOutputLengths(inner, { observe: (tier, tokens) => told.push([tier, tokens]) });
    await store.recordOutcome(outcome(over));
    expect(told).toEqual(seen);
    expect(recorded).toHaveLength(1);
  });
});
