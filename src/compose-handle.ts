/** The use case from its parts, with everything that stands around it and around the providers it calls. */
import { composeCache } from './compose-cache.ts';
import type { Classifiers } from './compose-classifiers.ts';
import { composeKeepText } from './compose-keep-text.ts';
import type { Money } from './compose-money.ts';
import type { Providers } from './compose-providers.ts';
import type { Sessions } from './compose-sessions.ts';
import type { Config } from './config/load.ts';
import type { Provider, Validator } from './core/ports.ts';
import type { Store } from './core/store.ts';
import { createRetry } from './providers/retry.ts';
import type { Decide } from './routing/decide.ts';
import { createExecute, type Execute } from './routing/execution/execute.ts';
import { hidingRouterMetadata } from './routing/execution/upstream-request.ts';
import { createHandle } from './routing/handle.ts';
import { countInFlight, type InFlight } from './routing/in-flight.ts';
import { type OutputLengths, withOutputLengths } from './routing/output-lengths.ts';
import { createStoredAnswers, withStoredAnswers } from './routing/stored-answers.ts';
import { withTokenLimits } from './routing/token-limits.ts';
import type { Surroundings } from './surroundings.ts';

export interface HandleParts {
  readonly providers: Pick<Providers, 'models' | 'byId'>;
  readonly validators: ReadonlyMap<string, Validator>;
  readonly sessions: Pick<Sessions, 'withOwnThinking' | 'remembering'>;
  readonly money: Pick<Money, 'budgeted' | 'reserving' | 'counterfactual' | 'entries'>;
  readonly classifiers: Pick<Classifiers, 'observe'>;
  readonly decide: Decide;
  readonly store: Store;
  readonly lengths: OutputLengths;
  readonly surroundings: Pick<Surroundings, 'clock' | 'logger' | 'random'>;
}

/** Ids of stored answers whose providers are remembered, some 200 bytes each. */
const STORED_ANSWERS = 50_000;

/**
 * The providers as answers are asked of them, around the guards that compose-providers.ts gives each. What another
 * provider stores is refused first; what then goes out has no thinking of another model in it.
 */
function composeCallable({ providers, sessions, surroundings }: HandleParts): ReadonlyMap<string, Provider> {
  const stored = createStoredAnswers({ entries: STORED_ANSWERS, clock: surroundings.clock });
  return new Map(
    [...providers.byId].map(([id, provider]) => [
      id,
      withStoredAnswers(sessions.withOwnThinking(provider), stored),
    ]),
  );
}

function composeExecute({ execution }: Config, parts: HandleParts): Execute {
  const { providers, validators, surroundings } = parts;
  const callable = composeCallable(parts);
  const execute = createExecute({
    models: providers.models,
    provider: (id) => callable.get(id),
    validators: (names) => names.flatMap((name) => validators.get(name) ?? []),
    retry: createRetry(execution.retries, surroundings.random),
    clock: surroundings.clock,
    maxAttempts: execution.max_attempts,
    maxCalls: execution.max_calls,
    deadlineMs: execution.deadline_ms,
    commit: execution.commit,
    prefix: { characters: execution.prefix_characters, events: execution.prefix_events },
  });
  return hidingRouterMetadata(execute);
}

/** How the service answers. */
export function composeHandle(config: Config, parts: HandleParts): InFlight {
  const { sessions, money, store, lengths, classifiers } = parts;
  const { clock, logger } = parts.surroundings;
  const { entries: ledger, counterfactual } = money;
  const handle = createHandle({
    decide: money.reserving(parts.decide),
    execute: composeExecute(config, parts),
    store: withOutputLengths(store, lengths),
    counterfactual,
    ledger,
    clock,
    logger,
    keepText: composeKeepText(config, logger),
    observe: classifiers.observe,
  });
  const cached = composeCache(config, { store, ledger, clock, logger });
  // Outermost first: all that arrives is in flight; a hit of the cache takes neither tokens nor money; who is out of
  // tokens is refused before money is set aside; only what a model has answered is remembered of a conversation.
  return countInFlight(cached(withTokenLimits(money.budgeted(sessions.remembering(handle)))));
}
