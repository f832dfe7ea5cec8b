import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '../../../src/core/chat.ts';
import type { Candidate, Decision, ModelSpec } from '../../../src/core/routing.ts';
import type { Tier } from '../../../src/core/tier.ts';
import { type ArrangeDeps, arrange } from '../../../src/routing/sessions/session-arrange.ts';
import { costsAt, type Turns } from '../../../src/routing/sessions/session-cost.ts';
import type { Recollection } from '../../../src/routing/sessions/session-memory.ts';
import { modelOf, requestOf } from '../../fakes/requests.ts';

const price = (input: number, over: Partial<NonNullable<ModelSpec['price']>> = {}) => ({
  price: { input, cachedInput: input / 10, output: input * 4, asOf: '2026-01-01', ...over },
});
const SMALL = modelOf('small', 'simple', price(1));
const OTHER = modelOf('other', 'simple', price(1.5));
const MIDDLE = modelOf('middle', 'moderate', price(2));
const LARGE = modelOf('large', 'complex', price(3));
const MODELS = [SMALL, OTHER, MIDDLE, LARGE];

const DEPS: ArrangeDeps = {
  models: MODELS,
  furtherTurns: 0,
  expectedOutput: () => 100,
  makers: { makerOf: () => undefined },
};

const candidate = ({ id, tier, provider }: ModelSpec, estimatedCostUsd: number | null = 0.1): Candidate => ({
  model: id,
  provider,
  tier,
  estimatedCostUsd,
  reason: `serves ${tier}`,
});

function decisionOf(tier: Tier, plan: readonly Candidate[], over: Partial<Decision> = {}): Decision {
  return {
    tier,
    source: 'local',
    inputTokens: 100_000,
    plan: { candidates: plan, excluded: [], validators: [] },
    reasons: ['fake says so', `first choice ${plan[0]?.model}: because`],
    ...over,
  } as unknown as Decision;
}

const warm = (entries: Readonly<Record<string, number>>, over: Partial<Recollection> = {}): Recollection => ({
  warm: new Map(Object.entries(entries)),
  marks: false,
  ...over,
});
const order = (decision: Decision): string[] => decision.plan.candidates.map(({ model }) => model);
const all = MODELS.map((model) => candidate(model));
const request = requestOf('and now?');

describe('costsAt', () => {
  const turns: Turns = { inputTokens: 1_000_000, outputTokens: 1_000_000, further: 0, marks: true };
  const writing = modelOf('w', 'complex', price(5, { cachedInput: 0.5, cacheWrite: 6.25, output: 25 }));

  it('is the formula of its docstring', () => {
    expect(costsAt(writing, 400_000, turns)?.now).toBeCloseTo(0.4 * 0.5 + 0.6 * 6.25 + 25, 9);
    const next = 0.5 + 6.25 + 25;
    expect(costsAt(writing, 400_000, { ...turns, further: 3 })?.total).toBeCloseTo(
      0.4 * 0.5 + 0.6 * 6.25 + 25 + 3 * next,
      9,
    );
  });

  it('pays full price where nothing is marked, nothing is discounted or nothing is warm', () => {
    expect(costsAt(writing, 400_000, { ...turns, marks: false })?.now).toBeCloseTo(5 + 25, 9);
    expect(costsAt(modelOf('m', 'simple'), 400_000, turns)?.now).toBeCloseTo(1 + 2, 9);
    expect(costsAt(SMALL, 0, turns)?.now).toBeCloseTo(1 + 4, 9);
    expect(costsAt(SMALL, 9_000_000, turns)?.now).toBeCloseTo(0.1 + 4, 9);
  });

  it('knows nothing where the price is unknown', () => {
    const { price: _, ...unpriced } = modelOf('m', 'simple');
    expect(costsAt(unpriced, 0, turns)).toBeUndefined();
  });
});

describe('arrange', () => {
  it('keeps the model whose cache is worth more than a switch saves, and says so in figures', () => {
    const kept = arrange(decisionOf('simple', all), request, warm({ large: 99_000 }), DEPS);
    expect(order(kept)).toEqual(['large', 'small', 'other', 'middle']);
    expect(kept.tier).toBe('simple');
    expect(kept.reasons).toEqual([
      'fake says so',
      'keeps large: its cache of 99000 tokens is worth $0.0891, a switch to small saves $0.0226',
      'first choice large',
    ]);
    expect(kept.plan.candidates[0]?.estimatedCostUsd).toBeCloseTo(0.0297 + 0.003 + 0.0012, 6);
  });

  it('leaves it where the turns to come pay for the switch', () => {
    const left = arrange(decisionOf('simple', all), request, warm({ large: 99_000 }), {
      ...DEPS,
      furtherTurns: 5,
    });
    expect(order(left)[0]).toBe('small');
    expect(left.reasons.at(-1)).toMatch(/^leaves large: its cache of 99000 tokens is worth \$/);
  });

  it('keeps a small conversation’s model only as far as its small cache is worth it', () => {
    const little = decisionOf('simple', all, { inputTokens: 2_000 });
    expect(order(arrange(little, request, warm({ large: 300 }), DEPS))[0]).toBe('small');
  });

  it('goes up at once, whatever is warm below', () => {
    const up = decisionOf('complex', [candidate(LARGE)]);
    expect(arrange(up, request, warm({ small: 99_000 }), DEPS)).toEqual(
      expect.objectContaining({ reasons: up.reasons }),
    );
    const harder = decisionOf('moderate', [candidate(MIDDLE), candidate(LARGE)]);
    expect(order(arrange(harder, request, warm({ small: 99_000 }), DEPS))).toEqual(['middle', 'large']);
  });

  it('keeps the warm one of two models of a tier, and lets the cheaper one follow should it fail', () => {
    const kept = arrange(decisionOf('simple', all), request, warm({ other: 99_000 }), DEPS);
    expect(order(kept)).toEqual(['other', 'small', 'middle', 'large']);
  });

  it('goes back to a model that is still warm', () => {
    const back = arrange(decisionOf('simple', all), request, warm({ large: 99_000, small: 90_000 }), DEPS);
    expect(order(back)[0]).toBe('small');
  });

  it.each(['override', 'static', 'rollout'] as const)(
    'never leaves a tier that somebody named: %s',
    (source) => {
      const named = decisionOf('simple', all, { source });
      expect(order(arrange(named, request, warm({ large: 99_000 }), DEPS))[0]).toBe('small');
      expect(order(arrange(named, request, warm({ other: 99_000 }), DEPS))[0]).toBe('other');
    },
  );

  it('keeps a long session’s summary at the model that has it all in its cache', () => {
    const summary = decisionOf('moderate', [candidate(MIDDLE), candidate(LARGE)], {
      source: 'static',
      agentCall: 'summary',
    });
    expect(order(arrange(summary, request, warm({ large: 99_000 }), DEPS))[0]).toBe('large');
  });

  it('does not bring back a model that the plan leaves out', () => {
    const bounded = decisionOf('simple', [candidate(SMALL), candidate(OTHER)]);
    expect(order(arrange(bounded, request, warm({ large: 99_000 }), DEPS))).toEqual(['small', 'other']);
  });

  it('lets the best model be, where the plan is not by cost', () => {
    const best = decisionOf('simple', [candidate(OTHER, 0.2), candidate(SMALL, 0.1), candidate(LARGE, 0.3)]);
    expect(order(arrange(best, request, warm({ large: 99_000 }), DEPS))[0]).toBe('other');
  });

  it('changes nothing of a conversation that is new', () => {
    const fresh = decisionOf('simple', all);
    expect(arrange(fresh, request, warm({}), DEPS)).toBe(fresh);
  });

  it('stays with the model whose signed thinking the tool calls in progress carry', () => {
    const loop: ChatRequest = requestOf('', {
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'read it' }] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', text: 'hm', signature: 'sig' },
            { type: 'tool_call', id: 't', name: 'read', arguments: '{}' },
          ],
        },
        { role: 'tool', content: [{ type: 'tool_result', callId: 't', content: [] }] },
      ],
    });
    const deps: ArrangeDeps = {
      ...DEPS,
      makers: { makerOf: (found) => (found === 'sig' ? 'large' : undefined) },
    };
    const stays = arrange(decisionOf('simple', all), loop, warm({}), deps);
    expect(order(stays)[0]).toBe('large');
    expect(stays.reasons[1]).toBe('keeps large: it signed the thinking behind the tool calls in progress');
    const below: ArrangeDeps = { ...DEPS, makers: { makerOf: () => 'small' } };
    const up = decisionOf('complex', [candidate(LARGE)]);
    expect(order(arrange(up, loop, warm({}), below))).toEqual(['large']);
  });
});
