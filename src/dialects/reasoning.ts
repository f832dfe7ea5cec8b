import type { ReasoningOptions } from '../core/chat.ts';
import { ownValue } from '../core/json.ts';

/** Tokens an effort is worth, where a format asks for a budget. */
const EFFORT_BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 16_384,
  xhigh: 32_768,
  max: 32_768,
};

/** The budget in tokens that these options ask for; undefined where they ask for no reasoning. */
export function budgetOf(reasoning: ReasoningOptions | undefined): number | undefined {
  if (reasoning?.budgetTokens !== undefined) return reasoning.budgetTokens;
  if (reasoning?.effort === undefined || reasoning.effort === 'none') return undefined;
  return ownValue(EFFORT_BUDGETS, reasoning.effort) ?? EFFORT_BUDGETS.medium;
}

/** The effort that these options ask for, one of those every reasoning model knows where it came as a budget. */
export function effortOf(reasoning: ReasoningOptions | undefined): string | undefined {
  if (reasoning?.effort !== undefined) return reasoning.effort;
  if (reasoning?.budgetTokens === undefined) return undefined;
  if (reasoning.budgetTokens <= 4_096) return 'low';
  return reasoning.budgetTokens < 16_384 ? 'medium' : 'high';
}
