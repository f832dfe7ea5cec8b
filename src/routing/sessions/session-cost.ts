/** What a conversation costs at a model, its prompt cache warm or cold. */
import type { ModelSpec, Price } from '../../core/routing.ts';
import { costOf } from '../money/cost.ts';

/** One request, and what is expected to follow it. */
export interface Turns {
  /** Tokens of the prompt. */
  readonly inputTokens: number;
  /** Tokens of the answer. */
  readonly outputTokens: number;
  /** Further requests that are expected to continue it at the same model. */
  readonly further: number;
  /** The caller marks what is to be cached, as providers want that charge for writing. */
  readonly marks: boolean;
}

export interface Costs {
  /** USD of this request. */
  readonly now: number;
  /** USD of this request and of those expected to follow. */
  readonly total: number;
}

/** True where a prompt that is sent again is cheaper: by itself or, where writing is charged, because it is marked. */
export function caches(price: Price, marks: boolean): boolean {
  return price.cachedInput !== undefined && (price.cacheWrite === undefined || marks);
}

/**
 * With I tokens of prompt of which W are warm, O of answer, F further turns, and prices per token i (input), c (cached),
 * w (writing to the cache; i where it is free) and o (output):
 *
 *     now   = W c + (I - W) w + O o
 *     next  = I c + O w + O o          the prompt is warm by then, the answer is new to it
 *     total = now + F next
 *
 * A model that does not cache pays i for everything. Undefined where the price is unknown.
 */
export function costsAt(model: ModelSpec, warmTokens: number, turns: Turns): Costs | undefined {
  const { price } = model;
  if (!price) return undefined;
  const { inputTokens, outputTokens, further, marks } = turns;
  const cached = caches(price, marks);
  const charged = cached && price.cacheWrite !== undefined;
  const usage = (input: number, warm: number): number =>
    costOf(price, {
      inputTokens: input,
      outputTokens,
      cachedInputTokens: cached ? warm : 0,
      cacheWriteTokens: charged ? input - warm : 0,
      reasoningTokens: 0,
    }) ?? 0;
  const now = usage(inputTokens, Math.min(warmTokens, inputTokens));
  const next = usage(inputTokens + outputTokens, inputTokens);
  return { now, total: now + further * next };
}
