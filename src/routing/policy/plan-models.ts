/** From a choice within its limits to the models that may answer, in order. */
import type { Caller } from '../../core/access.ts';
import { RouterError } from '../../core/errors.ts';
import type { ModelSpec } from '../../core/routing.ts';
import type { Requirements } from '../requirements.ts';
import type { Bounds } from './bounds.ts';
import { explicitOnly, type Limited } from './limit-choice.ts';
import { estimateCost, type Ordered, orderCandidates, pinnedCandidate } from './policy.ts';
import type { PolicyRules } from './policy-rules.ts';
import { accessSieve, costSieve, mayUse, notAllowed, qualitySieve, tierSieve } from './sieves.ts';

export interface PlanInput {
  readonly limited: Limited;
  readonly source: string;
  readonly baseline: ModelSpec | undefined;
  readonly bounds: Bounds;
  readonly rules: PolicyRules;
  readonly needs: Requirements;
  readonly models: readonly ModelSpec[];
  readonly caller: Caller | undefined;
  /** Output tokens assumed where nobody gives a ceiling. */
  readonly expectedOutputTokens: number;
}

/** The declared quality a model must reach, and who says so. */
function wantedQuality({
  rules,
  bounds,
  limited,
  source,
}: PlanInput): { value: number; from: string } | undefined {
  if (rules.quality_from !== 'models' || source === 'override') return undefined;
  if (bounds.quality) return bounds.quality;
  const value = rules.model_quality?.[limited.tier];
  return value === undefined ? undefined : { value, from: `policy.model_quality.${limited.tier}` };
}

function pinnedPlan(pinned: ModelSpec, input: PlanInput): Ordered {
  const { bounds, needs, expectedOutputTokens, caller, source } = input;
  if (caller && !mayUse(caller, pinned)) throw notAllowed(caller, `the model ${pinned.id}`);
  const estimate = (model: ModelSpec): number | null => estimateCost(model, needs, expectedOutputTokens);
  const [sieve] = costSieve(source === 'override' ? explicitOnly(bounds) : bounds, estimate);
  const refused = sieve?.refuses(pinned);
  if (sieve && refused !== undefined) {
    const rescued = sieve.nobody([pinned], []);
    if (rescued instanceof RouterError) throw rescued;
  }
  return pinnedCandidate(pinned, needs, expectedOutputTokens);
}

/**
 * The plan. Throws `context_too_long` or `unsupported` where no model can serve the request within its bounds, and
 * `forbidden` where none of those that could may be used with the caller's key.
 */
export function planModels(input: PlanInput): Ordered {
  const { limited, bounds, needs, models, caller, baseline, source, expectedOutputTokens } = input;
  if (limited.pinned) return pinnedPlan(limited.pinned, input);
  const effective = source === 'override' ? explicitOnly(bounds) : bounds;
  const quality = wantedQuality(input);
  const estimate = (model: ModelSpec): number | null => estimateCost(model, needs, expectedOutputTokens);
  const limitsTiers = limited.range.from.length > 0 || baseline !== undefined;
  return orderCandidates({
    tier: limited.tier,
    needs,
    models,
    expectedOutputTokens,
    sieves: [
      ...accessSieve(caller),
      ...(limitsTiers ? [tierSieve(limited.range, baseline)] : []),
      ...(quality ? [qualitySieve(quality.value, quality.from)] : []),
      ...costSieve(effective, estimate),
    ],
    prefer: bounds.prefer_cost?.value === false ? 'quality' : 'cost',
    ...(quality ? { quality: quality.value } : {}),
  });
}
