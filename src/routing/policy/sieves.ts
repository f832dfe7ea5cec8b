/** What keeps models out of a plan besides what they cannot do: the caller's key, bounds, quality, cost. */
import type { Caller } from '../../core/access.ts';
import { RouterError } from '../../core/errors.ts';
import type { ModelSpec } from '../../core/routing.ts';
import type { Bounds, TierRange } from './bounds.ts';
import { within } from './bounds.ts';
import type { Sieve } from './policy.ts';

/** What the key may use, in words; undefined where all is allowed. */
function allowance({ models, tiers }: Caller): string | undefined {
  const parts = [
    ...(models ? [`models ${models.join(', ') || 'none'}`] : []),
    ...(tiers ? [`tiers ${tiers.join(', ') || 'none'}`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** True where the caller's key may be answered by the model. */
export function mayUse(caller: Caller | undefined, model: Pick<ModelSpec, 'id' | 'tier'>): boolean {
  if (!caller) return true;
  return (caller.models?.includes(model.id) ?? true) && (caller.tiers?.includes(model.tier) ?? true);
}

/** The caller asks for what its key may not use. */
export function notAllowed(caller: Caller, what: string): RouterError {
  const allowed = allowance(caller) ?? 'everything';
  return new RouterError('forbidden', `model: this API key may not use ${what}; allowed: ${allowed}.`, {
    field: 'model',
  });
}

export function accessSieve(caller: Caller | undefined): Sieve[] {
  if (!caller || allowance(caller) === undefined) return [];
  return [
    {
      refuses: (model) => (mayUse(caller, model) ? undefined : 'is not among what the API key may use'),
      nobody: () => notAllowed(caller, 'any model that can serve this request'),
    },
  ];
}

/** Tiers outside the range; with a `baseline`, other models of its tier as well: nobody agreed to a swap for its own sake. */
export function tierSieve(range: TierRange, baseline?: ModelSpec): Sieve {
  const because = range.from.join(', ');
  return {
    refuses: (model) => {
      if (!within(model.tier, range)) return `is of tier ${model.tier}, wanted is ${because}`;
      if (!baseline || model.tier !== baseline.tier || model.id === baseline.id) return undefined;
      return `neither up nor down from ${baseline.id}`;
    },
    nobody: (models) => {
      const left = models.map(({ id, tier }) => `${id} (${tier})`).join(', ');
      const message = `No model that can serve this request is ${because || 'within the tiers'}; what the request needs and its key may use leaves ${left}.`;
      return new RouterError('unsupported', message);
    },
  };
}

/** Models whose declared quality is below the bound, or that declare none. */
export function qualitySieve(quality: number, from: string): Sieve {
  return {
    refuses: ({ quality: declared }) => {
      if (declared === undefined) return 'declares no quality';
      return declared < quality
        ? `has a declared quality of ${declared}, wanted is ${quality} (${from})`
        : undefined;
    },
    nobody: (models) => {
      const best = Math.max(...models.map((model) => model.quality ?? Number.NEGATIVE_INFINITY));
      const says = Number.isFinite(best) ? `the highest is ${best}` : 'no model declares one';
      return new RouterError(
        'unsupported',
        `${from}: no model that can serve this request has a declared quality of ${quality}; ${says}.`,
        {
          field: from,
        },
      );
    },
  };
}

/** USD for people: `$0.0042`. */
export function usd(value: number): string {
  return `$${Number(value.toPrecision(3))}`;
}

/** Models whose estimated cost is above the ceiling or unknown. A soft ceiling that nobody keeps lets the cheapest pass. */
export function costSieve(bounds: Bounds, estimate: (model: ModelSpec) => number | null): Sieve[] {
  const { max_cost_usd: ceiling, max_cost_soft: soft } = bounds;
  if (!ceiling) return [];
  const { value, from } = ceiling;
  const cheapestOf = (models: readonly ModelSpec[]): { model: ModelSpec; cost: number } | undefined =>
    models
      .flatMap((model) => {
        const cost = estimate(model);
        return cost === null ? [] : [{ model, cost }];
      })
      .sort((a, b) => a.cost - b.cost)[0];
  const refuses: Sieve['refuses'] = (model) => {
    const cost = estimate(model);
    if (cost === null) return `has no known price, the ceiling is ${usd(value)} (${from})`;
    return cost > value ? `is estimated at ${usd(cost)}, the ceiling is ${usd(value)} (${from})` : undefined;
  };
  const nobody: Sieve['nobody'] = (models) => {
    const cheapest = cheapestOf(models);
    if (soft?.value) return cheapest ? [cheapest.model] : models;
    const says = cheapest
      ? `the cheapest possible estimate is ${usd(cheapest.cost)} (${cheapest.model.id})`
      : 'no model that can serve it has a known price';
    const message = `${from}: no model can serve this request within ${usd(value)}; ${says}.`;
    return new RouterError('unsupported', message, { field: from });
  };
  return [{ refuses, nobody }];
}
