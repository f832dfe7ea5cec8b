/** Prices and budgets from the file into the vocabulary of the core. */
import type { Price, UnitPrices } from '../core/routing.ts';
import { TIERS } from '../core/tier.ts';
import { nearest } from './problems.ts';
import type { ConfigFile, ModelConfig } from './schema.ts';

type PriceConfig = NonNullable<ModelConfig['price']>;

function unitPricesOf(price: PriceConfig | PriceConfig['above'][number]): UnitPrices {
  return {
    input: price.input,
    output: price.output,
    ...(price.cached_input === undefined ? {} : { cachedInput: price.cached_input }),
    ...(price.cache_write === undefined ? {} : { cacheWrite: price.cache_write }),
    ...(price.cache_write_1h === undefined ? {} : { cacheWrite1h: price.cache_write_1h }),
  };
}

export function priceOf(price: PriceConfig): Price {
  const above = price.above.map((step) => ({ tokens: step.tokens, ...unitPricesOf(step) }));
  return { ...unitPricesOf(price), asOf: price.as_of, ...(above.length === 0 ? {} : { above }) };
}

/** The counterfactual must be a tier or a model that there is. */
export function counterfactualProblems({ money }: ConfigFile, models: readonly string[]): string[] {
  const known = [...TIERS, ...models];
  if (known.includes(money.counterfactual)) return [];
  const meant = nearest(money.counterfactual, known);
  return [
    `money.counterfactual: no tier or model "${money.counterfactual}"${meant ? `, did you mean "${meant}"?` : ''}`,
  ];
}
