import { z } from 'zod';
import type { ChatRequest, ReasoningOptions } from '../../core/chat.ts';
import { type JsonObject, ownValue } from '../../core/json.ts';
import type { Losses } from '../losses.ts';
import { budgetOf, effortOf } from '../reasoning.ts';
import { parseAt } from '../validate.ts';

/** How a model is asked to think: by a budget of tokens, or adaptively by an effort. */
export type ThinkingStyle = 'budget' | 'adaptive';

const MIN_BUDGET = 1_024;
const DEFAULT_MAX_TOKENS = 4_096;
/** Share of the output ceiling that thinking may take, so that an answer still fits. */
const MAX_SHARE = 0.75;

const thinkingBody = z.looseObject({ type: z.string(), budget_tokens: z.int().min(0).nullish() });

/** What `thinking` and the effort ask for. */
export function decodeThinking(value: unknown, effort: string | undefined): ReasoningOptions | undefined {
  const thinking = parseAt(thinkingBody.nullish(), value, 'thinking');
  if (!thinking) return effort === undefined ? undefined : { effort };
  if (thinking.type === 'disabled') return undefined;
  const budget = thinking.budget_tokens ?? undefined;
  if (budget === undefined) return { effort: effort ?? 'high' };
  return { budgetTokens: budget, ...(effort === undefined ? {} : { effort }) };
}

/** Claude models before 4.6, which know budgets only; later ones prefer or demand the adaptive form. */
const BUDGET_MODELS =
  /claude-(?:[23]\b|instant|(?:opus|sonnet|haiku)-4(?:[-.][0-5])?(?!\d)(?![-.][6-9](?!\d)))/;

/** The style of a model by its name; models of other makers behind this format know budgets. */
export function thinkingStyleOf(upstreamModel: string): ThinkingStyle {
  return /claude-/.test(upstreamModel) && !BUDGET_MODELS.test(upstreamModel) ? 'adaptive' : 'budget';
}

export interface EncodedThinking {
  readonly maxTokens: number;
  readonly thinking?: JsonObject;
  readonly effort?: string;
}

/**
 * No thinking under a forced tool; and with a budget none in the middle of a tool loop, whose earlier thinking
 * would have to be there.
 */
function isPossible(request: ChatRequest, style: ThinkingStyle): boolean {
  const forced = request.toolChoice === 'required' || typeof request.toolChoice === 'object';
  if (forced || style === 'adaptive') return !forced;
  const last = request.messages.findLast((message) => message.role === 'assistant');
  return !last?.content.some((part) => part.type === 'tool_call');
}

const EFFORTS: Readonly<Record<string, string>> = { minimal: 'low', xhigh: 'high' };

/** The thinking of a translated request and the output ceiling it needs; lists `reasoning` where it cannot be had. */
export function encodeThinking(request: ChatRequest, style: ThinkingStyle, losses: Losses): EncodedThinking {
  const asked = request.maxOutputTokens;
  const budget = budgetOf(request.reasoning);
  const plain = { maxTokens: asked ?? DEFAULT_MAX_TOKENS };
  if (budget === undefined) return plain;
  const room = asked === undefined ? budget : Math.min(budget, Math.floor(asked * MAX_SHARE));
  if (!isPossible(request, style) || (style === 'budget' && room < MIN_BUDGET)) {
    losses.drop('reasoning');
    return plain;
  }
  const maxTokens = asked ?? Math.max(budget, MIN_BUDGET) + DEFAULT_MAX_TOKENS;
  if (style === 'budget') return { maxTokens, thinking: { type: 'enabled', budget_tokens: room } };
  const effort = effortOf(request.reasoning) ?? 'medium';
  return { maxTokens, thinking: { type: 'adaptive' }, effort: ownValue(EFFORTS, effort) ?? effort };
}
