import { describe, expect, it } from 'vitest';
import type { ChatRequest, Message, Usage } from '../../../src/core/chat.ts';
import type { ModelSpec } from '../../../src/core/routing.ts';
import type { StoredDecision } from '../../../src/core/store.ts';
import { type RequestContext, sessionOf } from '../../../src/routing/context.ts';
import { createLru } from '../../../src/routing/lru.ts';
import { threadOf } from '../../../src/routing/sessions/session-identity.ts';
import { type Answered, createSessionMemory } from '../../../src/routing/sessions/session-memory.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { contextOf, modelOf, requestOf } from '../../fakes/requests.ts';

const TTL = 300_000;
const said = (role: Message['role'], text: string): Message => ({ role, content: [{ type: 'text', text }] });
const SYSTEM = said('system', 'Guide '.repeat(2_000));

/** A conversation of so many user turns, each answered but the last. */
function talk(turns: number, over: Partial<ChatRequest> = {}): ChatRequest {
  const messages = Array.from({ length: turns }, (_, turn) => [
    said('user', `question ${turn}`),
    said('assistant', `answer ${turn}`),
  ]).flat();
  return requestOf('', { messages: [SYSTEM, ...messages.slice(0, -1)], ...over });
}

function usageOf(inputTokens: number, over: Partial<Usage> = {}): Usage {
  return {
    inputTokens,
    outputTokens: 10,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    ...over,
  };
}

const AUTOMATIC = modelOf('automatic', 'moderate', {
  price: { input: 1, cachedInput: 0.1, output: 2, asOf: '2026-01-01' },
});
const MARKED = modelOf('marked', 'complex', {
  price: { input: 1, cachedInput: 0.1, cacheWrite: 1.25, output: 2, asOf: '2026-01-01' },
});
const UNCACHED = modelOf('uncached', 'simple');

function stage(models: readonly ModelSpec[] = [AUTOMATIC, MARKED, UNCACHED]) {
  const clock = createFakeClock();
  const memory = createSessionMemory({ models, ttlMs: TTL, entries: 100, leastTokens: 1_024, clock });
  const answer = (
    request: ChatRequest,
    model: ModelSpec,
    over: Partial<Answered> = {},
    context: RequestContext = contextOf(),
  ): void =>
    memory.remember(request, context, {
      model: model.id,
      tier: model.tier,
      inputTokens: 3_000,
      agentCall: false,
      ...over,
    });
  const warm = (request: ChatRequest, context: RequestContext = contextOf()) =>
    Object.fromEntries(memory.recall(request, context).warm);
  return { clock, memory, answer, warm };
}

describe('threadOf', () => {
  it('knows a conversation by its caller, system prompt and first message, however long it grows', () => {
    const key = (request: ChatRequest, over: Partial<RequestContext> = {}): string =>
      threadOf(request, contextOf(over)).key;
    expect(key(talk(1))).toBe(key(talk(5)));
    expect(key(talk(1))).not.toBe(key(talk(1), { apiKeySha256: 'f'.repeat(64) }));
    expect(key(talk(1))).not.toBe(key(talk(1, { user: 'ann' })));
    expect(key(talk(1))).not.toBe(key(talk(1), { headers: { 'x-router-session': 's' } }));
    expect(key(talk(1))).not.toBe(key(talk(1, { raw: { prompt_cache_key: 'k' } })));
    expect(key(talk(1))).not.toBe(key(requestOf('question 0')));
  });

  it('sees through what changes with each request and is no part of the cache', () => {
    const billed = (stamp: string): ChatRequest => {
      const [, ...rest] = talk(2).messages;
      return talk(2, {
        messages: [said('system', `x-anthropic-billing-header: cch=${stamp};\nGuide`), ...rest],
      });
    };
    expect(threadOf(billed('a'), contextOf())).toEqual(threadOf(billed('b'), contextOf()));
  });
});

describe('sessionOf', () => {
  const uuid = '6f1c2d3e-0000-4000-8000-000000000001';
  it.each([
    ['our header', talk(1, { metadata: { session_id: 'no' } }), { 'x-router-session': 'yes' }, 'yes'],
    ['Codex’s header', talk(1), { session_id: 'yes' }, 'yes'],
    ['metadata', talk(1, { metadata: { conversation_id: 'yes' } }), {}, 'yes'],
    ['Claude Code’s user id', talk(1, { user: `user_ab_account__session_${uuid}` }), {}, uuid],
    ['the same as JSON', talk(1, { user: `{"device_id":"d","session_id":"${uuid}"}` }), {}, uuid],
    ['nothing', talk(1, { user: 'ann' }), {}, undefined],
  ])('reads the session from %s', (_, request, headers, session) => {
    expect(sessionOf(request, contextOf({ headers }))).toBe(session);
  });
});

describe('the memory of caches', () => {
  it('expects of a provider that caches by itself what it was last sent', () => {
    const { answer, warm } = stage();
    expect(warm(talk(1))).toEqual({});
    answer(talk(1), AUTOMATIC, { usage: usageOf(3_100) });
    expect(warm(talk(2))).toEqual({ automatic: 3_100 });
  });

  it('believes a provider that charges for writing what it reports, nothing included', () => {
    const { answer, warm } = stage();
    answer(talk(1), MARKED, { usage: usageOf(3_100, { cacheWriteTokens: 2_900 }) });
    expect(warm(talk(2))).toEqual({ marked: 2_900 });
    answer(talk(2), MARKED, { usage: usageOf(3_200, { cachedInputTokens: 2_900, cacheWriteTokens: 250 }) });
    expect(warm(talk(3))).toEqual({ marked: 3_150 });
    answer(talk(3), MARKED, { usage: usageOf(3_300) });
    expect(warm(talk(4))).toEqual({});
  });

  it('expects nothing where nothing is discounted, or the prompt is too short', () => {
    const { answer, warm } = stage();
    answer(talk(1), UNCACHED, { usage: usageOf(3_100) });
    answer(talk(1), AUTOMATIC, { usage: usageOf(800) });
    expect(warm(talk(2))).toEqual({});
  });

  it('stops expecting hits that do not come, until one does', () => {
    const { answer, warm } = stage();
    for (const turn of [1, 2, 3]) answer(talk(turn), AUTOMATIC, { usage: usageOf(3_100) });
    expect(warm(talk(4))).toEqual({ automatic: 3_100 });
    answer(talk(4), AUTOMATIC, { usage: usageOf(3_200) });
    expect(warm(talk(5))).toEqual({});
    answer(talk(5), AUTOMATIC, { usage: usageOf(3_300, { cachedInputTokens: 3_072 }) });
    expect(warm(talk(6))).toEqual({ automatic: 3_300 });
  });

  it('is cold when the time to live has passed since the last use', () => {
    const { clock, memory, answer, warm } = stage();
    answer(talk(1), AUTOMATIC, { usage: usageOf(3_100) });
    clock.advance(TTL);
    expect(warm(talk(2))).toEqual({ automatic: 3_100 });
    clock.advance(1);
    expect(memory.recall(talk(2), contextOf())).toEqual({ warm: new Map(), marks: false });
  });

  it('counts the part of a prompt that was left as it was', () => {
    const { answer, warm } = stage();
    answer(talk(2), AUTOMATIC, { usage: usageOf(3_100) });
    const [system, first] = talk(2).messages;
    const edited = talk(2, {
      messages: [system, first, said('assistant', 'other'), said('user', 'x')].flatMap((m) => m ?? []),
    });
    const { automatic = 0 } = warm(edited);
    expect(automatic).toBeGreaterThan(2_500);
    expect(automatic).toBeLessThan(3_100);
  });

  it('remembers the caches of several models, and who answered last', () => {
    const { memory, answer, warm } = stage();
    answer(talk(1), AUTOMATIC, { usage: usageOf(3_100) });
    answer(talk(2), MARKED, { usage: usageOf(3_200, { cacheWriteTokens: 3_000 }) });
    expect(warm(talk(3))).toEqual({ automatic: 3_100, marked: 3_000 });
    expect(memory.recall(talk(3), contextOf())).toMatchObject({ last: 'marked', marks: true });
  });
});

describe('the memory of sessions', () => {
  const named = contextOf({ headers: { 'x-router-session': 's' } });

  it('knows the tier that last answered a named session, its agent’s own calls left out', () => {
    const { memory, answer } = stage();
    answer(talk(1), MARKED, {}, named);
    answer(requestOf('a title'), UNCACHED, { agentCall: true }, named);
    expect(memory.tierOf(requestOf('is this safe'), named)).toBe('complex');
    expect(memory.tierOf(requestOf('is this safe'), contextOf())).toBeUndefined();
    const other = contextOf({ headers: { 'x-router-session': 's' }, apiKeySha256: 'f'.repeat(64) });
    expect(memory.tierOf(requestOf('is this safe'), other)).toBeUndefined();
  });

  it('takes in what was answered before a restart', async () => {
    const { clock, memory, warm } = stage();
    const stored = {
      decision: { session: 's', inputTokens: 3_000 },
      outcome: {
        model: 'marked',
        tier: 'complex',
        at: clock.now(),
        attempts: [{ model: 'marked', usage: usageOf(3_100, { cacheWriteTokens: 2_900 }) }],
      },
    } as unknown as StoredDecision;
    await memory.hydrate(
      (async function* () {
        yield stored;
      })(),
    );
    expect(warm(talk(3), named)).toEqual({ marked: 2_900 });
    expect(memory.tierOf(talk(3), named)).toBe('complex');
    expect(warm(requestOf('a short one'), named)).toEqual({});
    clock.advance(TTL + 1);
    expect(warm(talk(3), named)).toEqual({});
  });
});

describe('createLru', () => {
  it('pushes out what was not used for longest', () => {
    const lru = createLru<number>({ entries: 2, clock: createFakeClock() });
    lru.set('a', 1);
    lru.set('b', 2);
    lru.get('a');
    lru.set('c', 3);
    expect([lru.get('a'), lru.get('b'), lru.get('c'), lru.size]).toEqual([1, undefined, 3, 2]);
  });
});
