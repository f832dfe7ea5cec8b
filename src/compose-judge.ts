/** The nano judge from configuration: beside the service, and alone for labelling. */
import { createAbsentJudge, createNanoJudge } from './classifiers/nano.ts';
import { composeProviders, type Providers } from './compose-providers.ts';
import type { Config } from './config/load.ts';
import type { Clock, Judge } from './core/ports.ts';
import type { ModelSpec } from './core/routing.ts';
import type { Store } from './core/store.ts';
import { DEMO_PROVIDER } from './providers/demo.ts';
import { costOf } from './routing/money/cost.ts';
import type { Surroundings } from './surroundings.ts';

/** The model that is asked in doubt: the named one, or the cheapest real one of the simple tier. */
export function judgeModel(config: Config, models: readonly ModelSpec[]): ModelSpec | undefined {
  const { model } = config.judge;
  if (model === 'none') return undefined;
  if (model !== 'auto') return models.find((candidate) => candidate.id === model);
  const price = (candidate: ModelSpec): number => candidate.price?.input ?? Number.POSITIVE_INFINITY;
  return models
    .filter((candidate) => candidate.tier === 'simple' && candidate.provider !== DEMO_PROVIDER)
    .sort((a, b) => price(a) - price(b))[0];
}

/** The judge of a running router; absent where no model can be asked. */
export function composeJudge(
  config: Config,
  model: ModelSpec | undefined,
  providers: Providers,
  store: Store,
  clock: Clock,
): Judge {
  const provider = model && providers.byId.get(model.provider);
  if (!model || !provider) return createAbsentJudge();
  return createNanoJudge({
    model,
    provider,
    timeoutMs: config.judge.timeout_ms,
    cacheEntries: config.judge.cache_entries,
    cacheTtlMs: config.judge.cache_ttl_s * 1_000,
    breakerFailures: config.judge.breaker_failures,
    breakerCooldownMs: config.judge.breaker_cooldown_ms,
    dailyBudgetUsd: config.judge.daily_budget_usd,
    unknownCostUsd: config.judge.unknown_cost_usd,
    spent: (since) => store.judgeSpend(since, config.judge.unknown_cost_usd),
    costOf: (usage) => costOf(model.price, usage),
    clock,
  });
}

export interface LabelJudge {
  readonly judge: Judge;
  /** The model that is asked. */
  readonly model: string;
  /** USD spent so far; a question of unknown cost counts as configured. */
  spent(): number;
  close(): Promise<void>;
}

/**
 * The judge alone, for labelling rows offline: the named model, or the one the configuration would ask in doubt,
 * within `budgetUsd` and `timeoutMs` a row. Throws an Error where no such model is configured.
 */
export function composeLabelJudge(
  config: Config,
  surroundings: Surroundings,
  {
    model: id,
    budgetUsd,
    timeoutMs,
  }: { readonly model?: string; readonly budgetUsd: number; readonly timeoutMs: number },
): LabelJudge {
  const providers = composeProviders(config, surroundings);
  const wanted: Config = { ...config, judge: { ...config.judge, model: id ?? config.judge.model } };
  const model = judgeModel(wanted, providers.models);
  const provider = model && providers.byId.get(model.provider);
  if (!model || !provider) {
    const known = config.models.map((candidate) => candidate.id).join(', ') || 'none';
    throw new Error(`no model to judge with${id ? ` is called "${id}"` : ''}; configured are: ${known}`);
  }
  let spent = 0;
  const judge = createNanoJudge({
    model,
    provider,
    timeoutMs,
    cacheEntries: 0,
    cacheTtlMs: 0,
    breakerFailures: config.judge.breaker_failures,
    breakerCooldownMs: config.judge.breaker_cooldown_ms,
    dailyBudgetUsd: budgetUsd,
    unknownCostUsd: config.judge.unknown_cost_usd,
    spent: async () => spent,
    costOf: (usage) => {
      const cost = costOf(model.price, usage);
      spent += cost ?? config.judge.unknown_cost_usd;
      return cost;
    },
    clock: surroundings.clock,
  });
  return { judge, model: model.id, spent: () => spent, close: providers.close };
}
