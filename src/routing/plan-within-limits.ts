/** From a choice to the models that may answer within its limits. */
import { RouterError } from '../core/errors.ts';
import type { Tier } from '../core/tier.ts';
import type { Choice } from './choose.ts';
import { type CountInputDeps, withCountedInput } from './count-input.ts';
import { type Limited, type Limits, limitChoice } from './policy/limit-choice.ts';
import { planModels } from './policy/plan-models.ts';
import type { Ordered } from './policy/policy.ts';
import type { PolicyRules } from './policy/policy-rules.ts';
import type { RequestFacts } from './request-facts.ts';
import { requirementsOf } from './requirements.ts';

export interface PlanDeps extends CountInputDeps {
  readonly policy?: PolicyRules;
  /** Output tokens expected of a request of the tier; absent: `expectedOutputTokens`. */
  readonly expectedOutput?: (tier: Tier) => number;
  /** Assumed where nobody says more. */
  readonly expectedOutputTokens: number;
}

interface Planned extends Ordered {
  readonly inputTokens: number;
}

/** The models for a choice within its limits. */
async function plan(facts: RequestFacts, choice: Choice, limited: Limited, deps: PlanDeps): Promise<Planned> {
  const { request, route, limits } = facts;
  const { policy = {}, models } = deps;
  const expectedOutputTokens =
    route?.expected_output_tokens ?? deps.expectedOutput?.(limited.tier) ?? deps.expectedOutputTokens;
  const asked = { ...requirementsOf(request, route?.max_output_tokens), expectedOutputTokens };
  const needs = await withCountedInput(asked, request, deps);
  const { source, baseline } = choice;
  const { bounds, caller } = limits;
  const ordered = planModels({
    limited,
    source,
    baseline,
    bounds,
    caller,
    rules: policy,
    needs,
    models,
    expectedOutputTokens,
  });
  return { ...ordered, inputTokens: needs.inputTokens };
}

export interface WithinLimits {
  readonly limited: Limited;
  readonly planned: Planned;
}

async function planWithin(
  facts: RequestFacts,
  limits: Limits,
  choice: Choice,
  deps: PlanDeps,
): Promise<WithinLimits> {
  const limited = limitChoice(choice, limits);
  return { limited, planned: await plan(facts, choice, limited, deps) };
}

const UNSERVED: ReadonlySet<unknown> = new Set(['unsupported', 'context_too_long', 'forbidden']);

/** The plan within the limits; a soft budget refuses nobody: where no model keeps its cap, the cap yields. */
export async function planWithinLimits(
  facts: RequestFacts,
  choice: Choice,
  deps: PlanDeps,
): Promise<WithinLimits> {
  const { budgetTier, ...limits } = facts.limits;
  try {
    return await planWithin(facts, facts.limits, choice, deps);
  } catch (error) {
    if (!budgetTier || !(error instanceof RouterError) || !UNSERVED.has(error.code)) throw error;
    const { limited, planned } = await planWithin(facts, limits, choice, deps);
    const yields = `the cap at ${budgetTier} (a budget past its soft limit) yields: no model within it can serve the request`;
    return { limited: { ...limited, reasons: [...limited.reasons, yields] }, planned };
  }
}
