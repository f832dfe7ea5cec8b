/** Sessions: what is remembered of conversations, and the ports that remember and recall. */
import type { Config } from './config/load.ts';
import type { Clock, Logger, Provider } from './core/ports.ts';
import type { ModelSpec } from './core/routing.ts';
import type { Store } from './core/store.ts';
import type { Tier } from './core/tier.ts';
import type { Decide, DecideDeps } from './routing/decide.ts';
import type { Handle } from './routing/handle.ts';
import { agentCallOf } from './routing/sessions/agent-calls.ts';
import { createSessionMemory } from './routing/sessions/session-memory.ts';
import { withOwnThinking } from './routing/sessions/session-provider.ts';
import { createSignatureMakers } from './routing/sessions/session-signatures.ts';
import { withSessionMemory, withSessions } from './routing/sessions/sessions.ts';

export interface Sessions {
  /** Recognises calls of coding agents; nothing where the configuration says so. */
  readonly agentCall: Pick<DecideDeps, 'agentCall'>;
  /** Decides with the caches of the conversation in mind; `steady` is the same without chance. */
  deciding(decide: Decide, steady: Decide, expectedOutput: (tier: Tier) => number): Decide;
  remembering(handle: Handle): Handle;
  /** The provider as it may be called: no thinking of another model reaches it. */
  withOwnThinking(provider: Provider): Provider;
  /** Takes in what was answered shortly before a restart. Never rejects. */
  hydrate(): Promise<void>;
}

export interface SessionParts {
  readonly models: readonly ModelSpec[];
  readonly store: Pick<Store, 'decisions'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function composeSessions(config: Config, { models, store, clock, logger }: SessionParts): Sessions {
  const { sticky, ttl_s, further_turns: furtherTurns, least_tokens: leastTokens, ...rest } = config.sessions;
  const { entries, signatures, agent_calls: calls } = rest;
  const ttlMs = ttl_s * 1_000;
  const memory = createSessionMemory({ models, ttlMs, entries, leastTokens, clock });
  const makers = createSignatureMakers({ entries: signatures, clock });
  return {
    agentCall: calls.recognise
      ? {
          agentCall: (request, context) => agentCallOf(request, calls, () => memory.tierOf(request, context)),
        }
      : {},
    deciding: (decide, steady, expectedOutput) =>
      sticky
        ? withSessions(decide, { memory, steady }, { models, furtherTurns, expectedOutput, makers })
        : decide,
    remembering: (handle) => withSessionMemory(handle, memory),
    withOwnThinking(provider) {
      const served = models.filter((model) => model.provider === provider.id);
      const idsOf = (upstreamModel: string): string[] =>
        served.filter((model) => model.upstreamModel === upstreamModel).map(({ id }) => id);
      return withOwnThinking(provider, { makers, idsOf });
    },
    async hydrate() {
      const now = clock.now();
      try {
        await memory.hydrate(store.decisions({ from: now - ttlMs, to: now + 1 }));
      } catch (error) {
        logger.warn({ cause: String(error) }, 'the sessions from before the restart could not be read');
      }
    },
  };
}
