import type { Usage } from '../../core/chat.ts';
import type { Price, UnitPrices } from '../../core/routing.ts';

/** Costs are whole picodollars: a price of one USD per million tokens is a million of them a token. */
const PICOS_PER_USD = 1e12;
const PICOS_PER_TOKEN = 1e6;

/** The prices of a prompt of so many tokens: those of the highest bound it passes. */
export function unitPrices(price: Price, inputTokens: number): UnitPrices {
  const { above = [], asOf: _, ...base } = price;
  const passed = above.filter(({ tokens }) => inputTokens > tokens).sort((a, b) => b.tokens - a.tokens)[0];
  if (!passed) return base;
  const { tokens: __, ...prices } = passed;
  return prices;
}

/**
 * USD of one answer, to the picodollar. Cached and cache-write tokens are part of `inputTokens` and are priced apart;
 * reasoning tokens are part of `outputTokens`. Null where the price or the usage is unknown: never zero.
 */
export function costOf(price: Price | undefined, usage: Usage | undefined): number | null {
  if (!price || !usage) return null;
  const {
    input,
    output,
    cachedInput = input,
    cacheWrite = input,
    ...unit
  } = unitPrices(price, usage.inputTokens);
  const { cachedInputTokens, cacheWriteTokens, outputTokens } = usage;
  const longWrites = Math.min(usage.cacheWrite1hTokens ?? 0, cacheWriteTokens);
  const plainInput = Math.max(0, usage.inputTokens - cachedInputTokens - cacheWriteTokens);
  const picos =
    PICOS_PER_TOKEN *
    (plainInput * input +
      cachedInputTokens * cachedInput +
      (cacheWriteTokens - longWrites) * cacheWrite +
      longWrites * (unit.cacheWrite1h ?? cacheWrite) +
      outputTokens * output);
  return Math.round(picos) / PICOS_PER_USD;
}

/** A usage of plain tokens, for estimates made before anything was sent. */
export function plainUsage(inputTokens: number, outputTokens: number): Usage {
  return { inputTokens, outputTokens, cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
}

/** Sum of costs, to the picodollar; null as soon as one of them is unknown. */
export function sumCosts(costs: readonly (number | null)[]): number | null {
  let picos = 0;
  for (const cost of costs) {
    if (cost === null) return null;
    picos += Math.round(cost * PICOS_PER_USD);
  }
  return picos / PICOS_PER_USD;
}
