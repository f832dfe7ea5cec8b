import { describe, expect, it } from 'vitest';
import { LINEUPS, PATTERNS, type Replay, replay } from '../../../scripts/session-replay.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { StreamFrame, Usage } from '../../../src/core/chat.ts';
import type { Decision } from '../../../src/core/routing.ts';
import type { Decide } from '../../../src/routing/decide.ts';
import type { Handle, Handled } from '../../../src/routing/handle.ts';
import type { Answered, Recollection } from '../../../src/routing/sessions/session-memory.ts';
import { withSessionMemory, withSessions } from '../../../src/routing/sessions/sessions.ts';
import { eventsOf, responseOf, USAGE } from '../../fakes/provider.ts';
import { contextOf, requestOf, threeModels } from '../../fakes/requests.ts';

const CANDIDATE = {
  model: 'large',
  provider: 'fake',
  tier: 'complex',
  estimatedCostUsd: 0.1,
  reason: 'r',
} as const;

function decided(over: Partial<Decision> = {}): Decision {
  const plan = { candidates: [CANDIDATE], excluded: [], validators: [] };
  return {
    tier: 'complex',
    source: 'local',
    inputTokens: 9,
    plan,
    reasons: [],
    ...over,
  } as unknown as Decision;
}

describe('withSessions', () => {
  const COLD: Recollection = { warm: new Map(), marks: false };
  const WARM: Recollection = { warm: new Map([['complex', 10]]), marks: false };

  it.each([
    { known: COLD, propensity: 0.1 },
    { known: WARM, propensity: 1 },
  ])('explores only where no cache is warm: propensity $propensity', async ({ known, propensity }) => {
    const deciding =
      (of: number): Decide =>
      async () =>
        decided({ propensity: of });
    const decide = withSessions(
      deciding(0.1),
      { memory: { recall: () => known }, steady: deciding(1) },
      {
        models: threeModels(),
        furtherTurns: 2,
        expectedOutput: () => 400,
        makers: { makerOf: () => undefined },
      },
    );
    expect((await decide(requestOf('x'), contextOf())).propensity).toBe(propensity);
  });
});

describe('withSessionMemory', () => {
  function stage(result: unknown, over: Partial<Handled> = {}, decision: Partial<Decision> = {}) {
    const remembered: Answered[] = [];
    const handle: Handle = async () =>
      ({ decision: decided(decision), candidate: CANDIDATE, result, ...over }) as unknown as Handled;
    const memory = { remember: (_: unknown, __: unknown, answered: Answered) => remembered.push(answered) };
    return { handle: withSessionMemory(handle, memory), remembered };
  }
  async function* frames(usage: Usage | null): AsyncGenerator<StreamFrame> {
    for (const event of eventsOf('a b c', usage)) yield { raw: '', events: [event] };
  }
  const ANSWERED = { model: 'large', tier: 'complex', inputTokens: 9, agentCall: false };

  it('remembers an answer with its usage', async () => {
    const { handle, remembered } = stage({ kind: 'response', response: responseOf('ok') });
    await handle(requestOf('x'), contextOf());
    expect(remembered).toEqual([{ ...ANSWERED, usage: USAGE }]);
  });

  it('remembers a stream when it has ended, and one that was given up without its usage', async () => {
    const { handle, remembered } = stage({
      kind: 'stream',
      dialect: 'openai-chat',
      dropped: [],
      frames: frames(USAGE),
    });
    const whole = await handle(requestOf('x'), contextOf());
    expect(remembered).toEqual([]);
    if (whole.result.kind === 'stream') for await (const _ of whole.result.frames);
    expect(remembered).toEqual([{ ...ANSWERED, usage: USAGE }]);

    const given = stage({ kind: 'stream', dialect: 'openai-chat', dropped: [], frames: frames(USAGE) });
    const { result } = await given.handle(requestOf('x'), contextOf());
    if (result.kind === 'stream') for await (const _ of result.frames) break;
    expect(given.remembered).toEqual([{ ...ANSWERED, usage: undefined }]);
  });

  it('says what an agent asked on its own account, and remembers no failure', async () => {
    const call = stage({ kind: 'response', response: responseOf('ok') }, {}, { agentCall: 'title' });
    await call.handle(requestOf('x'), contextOf());
    expect(call.remembered[0]?.agentCall).toBe(true);
    const failed = stage({ kind: 'error' });
    await failed.handle(requestOf('x'), contextOf());
    expect(failed.remembered).toEqual([]);
  });
});

describe('twenty turns under the catalog’s prices', () => {
  const config = loadConfig({ env: { OPENAI_API_KEY: 'x', ANTHROPIC_API_KEY: 'x' }, cwd: '/nonexistent' });
  const run = async (lineup: string, pattern: string, over: Partial<Replay> = {}) => {
    const models = (LINEUPS[lineup] ?? []).flatMap(
      (id) => config.models.find((model) => model.id === id) ?? [],
    );
    const options: Replay = {
      models,
      tiers: PATTERNS[pattern] ?? [],
      strategy: 'sticky',
      tokens: 40_000,
      turn: 1_500,
      answer: 400,
      gap: 60,
      further: config.sessions.further_turns,
      ttlMs: config.sessions.ttl_s * 1_000,
      leastTokens: config.sessions.least_tokens,
      ...over,
    };
    return replay(options);
  };

  it.each(
    Object.keys(LINEUPS).flatMap((lineup) => Object.keys(PATTERNS).map((pattern) => [lineup, pattern])),
  )(
    'sessions never cost more than routing turn by turn, and never answer from too low a tier: %s, %s',
    async (lineup = '', pattern = '') => {
      const [sticky, routed] = [
        await run(lineup, pattern),
        await run(lineup, pattern, { strategy: 'routed' }),
      ];
      expect(sticky.costUsd).toBeLessThanOrEqual(routed.costUsd * 1.000_001);
      expect(sticky.below).toBe(0);
    },
  );

  it('save where turns of three tiers are mixed', async () => {
    const [sticky, routed] = [
      await run('anthropic', 'mixed'),
      await run('anthropic', 'mixed', { strategy: 'routed' }),
    ];
    expect(sticky.costUsd).toBeLessThan(0.8 * routed.costUsd);
    expect(sticky.switches).toBeLessThan(routed.switches);
  });

  it('keep nothing once the cache is cold', async () => {
    const gap = config.sessions.ttl_s + 1;
    const sticky = await run('anthropic', 'mixed', { gap });
    expect(sticky).toEqual(await run('anthropic', 'mixed', { gap, strategy: 'routed' }));
  });
});
