/** What a person is told at start: which classifier, judge and model serves what, and what is missing for more. */
import type { Config } from './config/load.ts';
import type { ModelSpec } from './core/routing.ts';
import { TIERS, type Tier } from './core/tier.ts';
import { orderCandidates } from './routing/policy/policy.ts';

export interface Serving {
  readonly models: readonly ModelSpec[];
  /** The built-in demo provider answers. */
  readonly demo: boolean;
  /** Id of the bundle, absent where none could be loaded. */
  readonly classifier: string | undefined;
  readonly judge: ModelSpec | undefined;
}

/** The model a plain request of the tier goes to first. */
function firstModel(tier: Tier, models: readonly ModelSpec[]): string {
  const inputTokens = Math.min(500, ...models.map(({ contextWindow }) => contextWindow));
  const needs = { tools: false, vision: false, json: false, streaming: false, inputTokens };
  const { candidates } = orderCandidates({ tier, needs, models, expectedOutputTokens: 400 });
  const [first] = candidates;
  if (!first) return 'nobody';
  return `${first.model} (${first.provider})${first.tier === tier ? '' : `, because no model is configured for ${tier}`}`;
}

/** `left out: 5 models for want of OPENAI_API_KEY, …`; nothing where no model is left out. */
function leftOut({ unavailable }: Config): string[] {
  const counts = new Map<string, number>();
  for (const { missing } of unavailable) counts.set(missing, (counts.get(missing) ?? 0) + 1);
  const parts = [...counts].map(([variable, count]) => `${count} for want of ${variable}`);
  return parts.length === 0 ? [] : [`models left out: ${parts.join(', ')}`];
}

/** Entries of the configuration that name a model whose key is missing. */
function inVain({ unavailable, routes, judge, policy }: Config): string[] {
  const missing = new Map(unavailable.map((entry) => [entry.model, entry.missing]));
  const naming = [
    ...routes.map((route) => ({ model: route.model, says: `static route ${route.name}` })),
    { model: judge.model, says: 'judge.model' },
    { model: policy.rollout?.otherwise, says: 'policy.rollout' },
    ...Object.entries(policy.model_aliases).map(([name, model]) => ({ model, says: `the alias ${name}` })),
  ];
  return naming.flatMap(({ model, says }) => {
    const variable = model === undefined ? undefined : missing.get(model);
    return variable === undefined ? [] : [`NOT AVAILABLE: ${says} names ${model}, which needs ${variable}`];
  });
}

/** One line each. The lines of the tiers come last. */
export function startSummary(config: Config, serving: Serving): string[] {
  const { models, demo, classifier, judge } = serving;
  return [
    ...(demo
      ? [
          'DEMO: no provider key and no local server is configured, so the built-in demo provider answers; no model is called.',
        ]
      : leftOut(config)),
    ...inVain(config),
    `classifier: ${classifier ?? 'keyword rules (FALLBACK: the bundle did not load)'}`,
    `judge in doubt: ${judge?.id ?? 'none, doubt goes one tier up'}`,
    ...TIERS.map((tier) => `${tier}: ${firstModel(tier, models)}`),
  ];
}
