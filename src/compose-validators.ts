import { createAskedModel } from './classifiers/asked-model.ts';
import { judgeModel } from './compose-judge.ts';
import type { Providers } from './compose-providers.ts';
import type { Config } from './config/load.ts';
import { unusable } from './config/load.ts';
import type { Ledger } from './core/ledger.ts';
import type { AskedModel, Validator } from './core/ports.ts';
import type { StatsWindow } from './core/store.ts';
import { costOf } from './routing/money/cost.ts';
import type { Surroundings } from './surroundings.ts';
import { createValidator, type ValidatorSpec } from './validators/index.ts';
import { loadLanguageDetector } from './validators/language-detector.ts';

type JudgeSpec = Extract<Config['validators'][string], { type: 'llm_judge' }>;

export interface ValidatorParts {
  readonly providers: Providers;
  /** USD that the checks of a validator have cost since then (Unix milliseconds). */
  readonly spent: (since: number, validator: string) => Promise<number>;
  readonly surroundings: Surroundings;
}

/** What the ledger has on the checks of a validator; see ValidatorParts.spent. */
export async function spentOnChecks(ledger: Ledger, window: StatsWindow, validator: string): Promise<number> {
  const groups = await ledger.groups(window, 'validator');
  return groups.find(({ group }) => group === validator)?.costUsd ?? 0;
}

/** The model that a judging validator asks, within that validator's budget; undefined where none is configured. */
function composeAsked(
  config: Config,
  { name, spec }: { readonly name: string; readonly spec: JudgeSpec },
  { providers, spent, surroundings }: ValidatorParts,
): AskedModel | undefined {
  const { models, byId } = providers;
  const model =
    spec.model === 'auto' ? judgeModel(config, models) : models.find(({ id }) => id === spec.model);
  const provider = model && byId.get(model.provider);
  if (!model || !provider) return undefined;
  return createAskedModel({
    model,
    provider,
    timeoutMs: spec.timeout_ms,
    breakerFailures: spec.breaker_failures,
    breakerCooldownMs: spec.breaker_cooldown_ms,
    dailyBudgetUsd: spec.daily_budget_usd,
    unknownCostUsd: config.judge.unknown_cost_usd,
    spent: (since) => spent(since, name),
    costOf: (usage) => costOf(model.price, usage),
    clock: surroundings.clock,
  });
}

/**
 * The configured validators by name. Rejects with ConfigError where a pattern, a schema or a language is of no use. A
 * judge whose model has no key passes every answer, which is said loudly.
 */
export async function composeValidators(
  config: Config,
  parts: ValidatorParts,
): Promise<ReadonlyMap<string, Validator>> {
  const specs = Object.entries(config.validators);
  const languages = specs.some(([, { type }]) => type === 'language')
    ? await loadLanguageDetector()
    : undefined;
  const { clock, random, logger } = parts.surroundings;
  const compose = (name: string, spec: ValidatorSpec, asked: AskedModel | undefined): Validator =>
    createValidator(name, spec, { clock, random, languages, asked, secret: config.hookSecrets[name] });
  return new Map(
    specs.map(([name, spec]) => {
      try {
        const judges = spec.type === 'llm_judge';
        const asked = judges ? composeAsked(config, { name, spec }, parts) : undefined;
        if (judges && !asked)
          logger.warn({ validator: name }, 'this validator has no model to ask: it passes every answer');
        return [name, compose(name, spec, asked)] as const;
      } catch (error) {
        throw unusable(config, `validators.${name}`, error);
      }
    }),
  );
}
