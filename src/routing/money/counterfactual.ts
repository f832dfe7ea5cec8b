/** The model that routing is compared with: what the same request would have gone to without a router. */
import type { Decision, ModelSpec } from '../../core/routing.ts';
import type { Tier } from '../../core/tier.ts';
import { orderCandidates } from '../policy/policy.ts';

/** Declared by the operator: one model for all requests, or the first choice of a tier for each. */
export type CounterfactualChoice = { readonly model: string } | { readonly tier: Tier };

/** Undefined where no model can be named. */
export type Counterfactual = (decision: Decision) => ModelSpec | undefined;

/** The model of the tier that would serve the request if it went there. */
function firstOf(tier: Tier, decision: Decision, models: readonly ModelSpec[]): ModelSpec | undefined {
  const planned = decision.plan.candidates.find((candidate) => candidate.tier === tier);
  const pinned = decision.plan.candidates.length === 1;
  if (planned && !pinned) return models.find((model) => model.id === planned.model);
  const needs = { tools: false, vision: false, json: false, streaming: decision.stream };
  try {
    const { candidates } = orderCandidates({
      tier,
      needs: { ...needs, inputTokens: decision.inputTokens },
      models,
      expectedOutputTokens: 1,
    });
    return models.find((model) => model.id === candidates[0]?.model);
  } catch {
    return undefined;
  }
}

export function createCounterfactual(
  models: readonly ModelSpec[],
  choice: CounterfactualChoice = { tier: 'complex' },
): Counterfactual {
  if ('model' in choice) {
    const declared = models.find(({ id }) => id === choice.model);
    return () => declared;
  }
  return (decision) => firstOf(choice.tier, decision, models);
}
