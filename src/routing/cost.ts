import type { Usage } from '../core/chat.ts';
import type { Price } from '../core/routing.ts';

const PER_TOKEN = 1e-6;

/**
 * USD of one answer. Cached and cache-write tokens are part of `inputTokens` and are priced apart;
 * reasoning tokens are part of `outputTokens`. Null where the price or the usage is unknown: never zero.
 */
export function costOf(price: Price | undefined, usage: Usage | undefined): number | null {
  if (!price || !usage) return null;
  const plainInput = Math.max(0, usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens);
  return (
    PER_TOKEN *
    (plainInput * price.input +
      usage.cachedInputTokens * (price.cachedInput ?? price.input) +
      usage.cacheWriteTokens * (price.cacheWrite ?? price.input) +
      usage.outputTokens * price.output)
  );
}

/** A usage of plain tokens, for estimates made before anything was sent. */
export function plainUsage(inputTokens: number, outputTokens: number): Usage {
  return { inputTokens, outputTokens, cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
}

/** Sum of costs; null as soon as one of them is unknown. */
export function sumCosts(costs: readonly (number | null)[]): number | null {
  return costs.reduce<number | null>((sum, cost) => (sum === null || cost === null ? null : sum + cost), 0);
}
