/** What is remembered of conversations: which model has how much of them in its cache, and on which tier they work. */
import type { ChatRequest, Usage } from '../../core/chat.ts';
import type { Clock } from '../../core/ports.ts';
import type { ModelSpec, Price } from '../../core/routing.ts';
import type { StoredDecision } from '../../core/store.ts';
import type { Tier } from '../../core/tier.ts';
import type { RequestContext } from '../context.ts';
import { createLru } from '../lru.ts';
import { caches } from './session-cost.ts';
import { sharedCharacters, type Thread, threadOf } from './session-identity.ts';

/** What is known of the conversation that a request continues. */
export interface Recollection {
  /** Model that answered last, within the time to live; absent where the conversation is new or has gone cold. */
  readonly last?: string;
  /** By model id: tokens at the beginning of the prompt that its cache is thought to hold, above 0. */
  readonly warm: ReadonlyMap<string, number>;
  /** The caller marks what is to be cached, as far as it was seen. */
  readonly marks: boolean;
}

/** One answer, as far as caches are concerned. */
export interface Answered {
  readonly model: string;
  readonly tier: Tier;
  /** Estimated tokens of the prompt; counts where the provider reports no usage. */
  readonly inputTokens: number;
  readonly usage?: Usage | undefined;
  /** An agent's own call, which says nothing of the tier that its session works on. */
  readonly agentCall: boolean;
}

export interface SessionMemory {
  recall(request: ChatRequest, context: RequestContext): Recollection;
  remember(request: ChatRequest, context: RequestContext, answered: Answered): void;
  /** The tier that last answered the session that the request names, its agent's own calls left out. */
  tierOf(request: ChatRequest, context: RequestContext): Tier | undefined;
  /** Takes in what was answered before a restart: for sessions that callers name, since no prompt is kept. */
  hydrate(decisions: AsyncIterable<StoredDecision>): Promise<void>;
}

export interface SessionMemoryOptions {
  readonly models: readonly ModelSpec[];
  /** How long a cache stays warm after its last use, milliseconds. */
  readonly ttlMs: number;
  /** Conversations remembered at most. */
  readonly entries: number;
  /** Shorter prompts are not cached by providers that cache by themselves, tokens. */
  readonly leastTokens: number;
  readonly clock: Pick<Clock, 'now'>;
}

/** What one model was last sent of a thread. */
interface Sent {
  /** Unix milliseconds. */
  readonly at: number;
  readonly chain: string;
  readonly characters: number;
  /** Tokens that its cache then held. */
  readonly tokens: number;
  /** Hits in a row that were due and did not come. */
  readonly misses: number;
}

interface Remembered {
  readonly last: string;
  readonly marks: boolean;
  readonly sent: ReadonlyMap<string, Sent>;
}

interface SessionState {
  readonly tier: Tier;
  /** From before a restart: model and tokens of the last answer. */
  readonly before?: { readonly model: string; readonly tokens: number; readonly at: number };
}

/** A provider that so often in a row reports no hit where one was due does not cache the conversation. */
const MOST_MISSES = 3;

const COLD: Recollection = { warm: new Map(), marks: false };

function touched({ usage }: Answered): number {
  return usage ? usage.cachedInputTokens + usage.cacheWriteTokens : 0;
}

export function createSessionMemory(options: SessionMemoryOptions): SessionMemory {
  const { clock, ttlMs, entries, leastTokens } = options;
  const prices = new Map(options.models.map(({ id, price }) => [id, price]));
  const threads = createLru<Remembered>({ entries, ttlMs, clock });
  const sessions = createLru<SessionState>({ entries, clock });
  /** A request is looked at more than once. */
  const known = new WeakMap<ChatRequest, Thread>();

  function threadFor(request: ChatRequest, context: RequestContext): Thread {
    const thread = known.get(request) ?? threadOf(request, context);
    known.set(request, thread);
    return thread;
  }

  const fresh = (at: number): boolean => clock.now() - at <= ttlMs;

  function warmTokens(thread: Thread, sent: Sent): number {
    if (!fresh(sent.at) || sent.misses >= MOST_MISSES || sent.characters === 0) return 0;
    return Math.floor((sent.tokens * sharedCharacters(thread, sent.chain)) / sent.characters);
  }

  /** Tokens that the model's cache holds of the prompt it just answered. */
  function heldAfter(price: Price | undefined, answered: Answered, marks: boolean): number {
    const { usage, inputTokens } = answered;
    if (price?.cacheWrite !== undefined && usage) return touched(answered);
    const sent = usage?.inputTokens ?? inputTokens;
    return price && caches(price, marks) && sent >= leastTokens ? sent : 0;
  }

  function missesAfter(expected: number, earlier: Sent | undefined, answered: Answered): number {
    if (touched(answered) > 0) return 0;
    const due = answered.usage !== undefined && expected >= leastTokens;
    return (earlier?.misses ?? 0) + (due ? 1 : 0);
  }

  function beforeRestart(request: ChatRequest, thread: Thread): Recollection {
    const before = thread.session === undefined ? undefined : sessions.get(thread.session)?.before;
    if (!before || !fresh(before.at) || before.tokens === 0) return COLD;
    // A conversation grows: a prompt with fewer characters than the cache holds tokens is another one.
    if ((thread.sizes.at(-1) ?? 0) < before.tokens) return COLD;
    const marks = request.dialect === 'anthropic-messages';
    return { last: before.model, warm: new Map([[before.model, before.tokens]]), marks };
  }

  return {
    recall(request, context) {
      const thread = threadFor(request, context);
      const remembered = threads.get(thread.key);
      if (!remembered) return beforeRestart(request, thread);
      const warm = new Map<string, number>();
      for (const [model, sent] of remembered.sent) {
        const tokens = warmTokens(thread, sent);
        if (tokens > 0) warm.set(model, tokens);
      }
      return { last: remembered.last, warm, marks: remembered.marks };
    },

    remember(request, context, answered) {
      const thread = threadFor(request, context);
      const { model, tier } = answered;
      const remembered = threads.get(thread.key);
      const earlier = remembered?.sent.get(model);
      const price = prices.get(model);
      const marks =
        (remembered?.marks ?? false) || (price?.cacheWrite !== undefined && touched(answered) > 0);
      const expected = earlier && fresh(earlier.at) ? sharedCharacters(thread, earlier.chain) : 0;
      const due = earlier && earlier.characters > 0 ? (earlier.tokens * expected) / earlier.characters : 0;
      const sent: Sent = {
        at: clock.now(),
        chain: thread.chain,
        characters: thread.sizes.at(-1) ?? 0,
        tokens: heldAfter(price, answered, marks),
        misses: missesAfter(due, earlier, answered),
      };
      const all = new Map(remembered?.sent).set(model, sent);
      threads.set(thread.key, { last: model, marks, sent: all });
      if (thread.session !== undefined && !answered.agentCall) sessions.set(thread.session, { tier });
    },

    tierOf(request, context) {
      const { session } = threadFor(request, context);
      return session === undefined ? undefined : sessions.get(session)?.tier;
    },

    async hydrate(decisions) {
      for await (const { decision, outcome } of decisions) {
        const { session, apiKey = '', agentCall } = decision;
        if (session === undefined || agentCall !== undefined || !outcome?.model || !outcome.tier) continue;
        const { model, tier, at } = outcome;
        const usage = outcome.attempts.findLast((attempt) => attempt.model === model)?.usage;
        const answered = { model, tier, inputTokens: decision.inputTokens, usage, agentCall: false };
        const tokens = heldAfter(prices.get(model), answered, false);
        sessions.set(`${apiKey} ${session}`, { tier, before: { model, tokens, at } });
      }
    },
  };
}
