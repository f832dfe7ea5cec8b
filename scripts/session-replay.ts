/** A conversation against simulated prompt caches: what bench-sessions replays. */
import type { ChatRequest, Message, Usage } from '../src/core/chat.ts';
import type { Classifier, Clock, Judge } from '../src/core/ports.ts';
import type { ModelSpec } from '../src/core/routing.ts';
import { perTier, type Tier, tierRank } from '../src/core/tier.ts';
import { createDecide, type Decide } from '../src/routing/decide.ts';
import { costOf } from '../src/routing/money/cost.ts';
import { createSessionMemory } from '../src/routing/sessions/session-memory.ts';
import { createSignatureMakers } from '../src/routing/sessions/session-signatures.ts';
import { withSessions } from '../src/routing/sessions/sessions.ts';

/** `pinned`: the first model of the highest tier throughout. `routed`: turn by turn. `sticky`: with sessions. */
export type Strategy = 'pinned' | 'routed' | 'sticky';

/** Models by id, one a tier. */
export const LINEUPS: Readonly<Record<string, readonly string[]>> = {
  anthropic: ['claude-haiku-4-5', 'claude-sonnet-4-6', 'claude-opus-4-7'],
  openai: ['gpt-5-nano', 'gpt-5-mini', 'gpt-5'],
};

const LETTERS: Readonly<Record<string, Tier>> = { s: 'simple', m: 'moderate', c: 'complex' };
const tiers = (letters: string): readonly Tier[] =>
  [...letters].map((letter) => LETTERS[letter] ?? 'complex');

/** What twenty turns ask for. */
export const PATTERNS: Readonly<Record<string, readonly Tier[]>> = {
  'hard, then easy': tiers('ccccssssssssssssssss'),
  'easy, one hard': tiers('sssssssscsssssssssss'),
  alternating: tiers('cscscscscscscscscscs'),
  mixed: tiers('csscmsscmmsscssmscss'),
  'hard, easy at last': tiers('cccccccccccccccccccs'),
  'all hard': tiers('cccccccccccccccccccc'),
  'all easy': tiers('ssssssssssssssssssss'),
};

export interface Replay {
  readonly models: readonly ModelSpec[];
  readonly tiers: readonly Tier[];
  readonly strategy: Strategy;
  /** Tokens of tools and system prompt. */
  readonly tokens: number;
  /** Tokens that each turn adds besides the answer. */
  readonly turn: number;
  /** Tokens of an answer. */
  readonly answer: number;
  /** Seconds between turns. */
  readonly gap: number;
  readonly further: number;
  readonly ttlMs: number;
  readonly leastTokens: number;
}

export interface Replayed {
  readonly costUsd: number;
  /** Turns answered by another model than the turn before. */
  readonly switches: number;
  /** Turns answered by a lower tier than they ask for. */
  readonly below: number;
}

const CHARACTERS_PER_TOKEN = 4;
const text = (tokens: number, opening = ''): string =>
  opening.padEnd(tokens * CHARACTERS_PER_TOKEN, 'lorem ');

const said = (role: Message['role'], content: string): Message => ({
  role,
  content: [{ type: 'text', text: content }],
});

/** A classifier that reads the tier off the text: the replay measures sessions, not the classifier. */
const OPENING: Classifier = {
  id: 'opening',
  doubtBelow: 0,
  async classify(inputs) {
    return inputs.map((input) => {
      const letter = /\[([smc])\]/.exec(input.text)?.[1] ?? 'c';
      const tier = LETTERS[letter] ?? 'complex';
      const probabilities = perTier((each) => (each === tier ? 1 : 0));
      return {
        tier,
        confidence: 1,
        probabilities,
        sufficiency: perTier((each) => (tierRank(each) >= tierRank(tier) ? 1 : 0)),
      };
    });
  },
  async close() {},
};

const SILENT = { info() {}, warn() {}, error() {} };
const NO_JUDGE: Judge = {
  judge: async () => ({ status: 'not_configured', cached: false, latencyMs: 0, costUsd: 0 }),
};

/** The caches of the providers: each model holds the prompt it was last sent, for a while after its last use. */
function createCaches(
  { ttlMs, leastTokens }: Pick<Replay, 'ttlMs' | 'leastTokens'>,
  clock: Pick<Clock, 'now'>,
) {
  const held = new Map<string, { tokens: number; at: number }>();
  return function bill(model: ModelSpec, inputTokens: number, outputTokens: number): Usage {
    const before = held.get(model.id);
    const warm = before && clock.now() - before.at <= ttlMs ? Math.min(before.tokens, inputTokens) : 0;
    const caches = model.price?.cachedInput !== undefined && inputTokens >= leastTokens;
    const charged = caches && model.price?.cacheWrite !== undefined;
    held.set(model.id, { tokens: caches ? inputTokens : 0, at: clock.now() });
    const cachedInputTokens = caches ? warm : 0;
    const cacheWriteTokens = charged ? inputTokens - warm : 0;
    return { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens: 0 };
  };
}

function decideOf({ models, further, answer, ttlMs, leastTokens, strategy }: Replay, clock: Clock) {
  const memory = createSessionMemory({ models, ttlMs, entries: 10, leastTokens, clock });
  let ids = 0;
  const plain = createDecide({
    classifier: () => OPENING,
    fallbackClassifier: OPENING,
    judge: NO_JUDGE,
    models,
    routes: [],
    expectedOutputTokens: answer,
    clock,
    newId: () => `dec_${++ids}`,
    logger: SILENT,
  });
  const makers = createSignatureMakers({ entries: 1, clock });
  const deps = { models, furtherTurns: further, expectedOutput: () => answer, makers };
  const decide: Decide = strategy === 'sticky' ? withSessions(plain, { memory, steady: plain }, deps) : plain;
  return { decide, memory };
}

/** Replays the conversation. Throws an Error where a model of the plan is missing or has no price. */
export async function replay(options: Replay): Promise<Replayed> {
  let now = 0;
  const clock: Clock = { now: () => now, monotonic: () => now };
  const bill = createCaches(options, clock);
  const { decide, memory } = decideOf(options, clock);
  const context = { path: '/v1/messages', headers: {}, signal: new AbortController().signal, arrived: 0 };
  const highest = options.models.at(-1)?.id ?? '';
  const messages: Message[] = [said('system', text(options.tokens))];
  let costUsd = 0;
  let switches = 0;
  let below = 0;
  let last: string | undefined;
  for (const [index, tier] of options.tiers.entries()) {
    messages.push(said('user', text(options.turn, `[${tier.charAt(0)}] turn ${index} `)));
    const model = options.strategy === 'pinned' ? highest : 'auto';
    const request: ChatRequest = {
      dialect: 'anthropic-messages',
      raw: { cache_control: { type: 'ephemeral' } },
      model,
      messages: [...messages],
      tools: [],
      stream: false,
      metadata: {},
    };
    const decision = await decide(request, context);
    const [first] = decision.plan.candidates;
    const spec = options.models.find(({ id }) => id === first?.model);
    const usage = spec && bill(spec, decision.inputTokens, options.answer);
    const cost = costOf(spec?.price, usage);
    if (!spec || !usage || cost === null)
      throw new Error('a model of the replay is missing, or has no price');
    const answered = {
      model: spec.id,
      tier: spec.tier,
      inputTokens: decision.inputTokens,
      usage,
      agentCall: false,
    };
    memory.remember(request, context, answered);
    costUsd += cost;
    if (last !== undefined && last !== spec.id) switches++;
    if (tierRank(spec.tier) < tierRank(tier)) below++;
    last = spec.id;
    messages.push(said('assistant', text(options.answer, `answer ${index} `)));
    now += options.gap * 1_000;
  }
  return { costUsd, switches, below };
}
