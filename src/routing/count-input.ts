/** The prompt's length for the context window: estimated, and counted with a tokenizer where that may matter. */
import type { ChatRequest } from '../core/chat.ts';
import type { CountTokens, Logger } from '../core/ports.ts';
import type { ModelSpec } from '../core/routing.ts';
import { answerRoom, countableOf, type Requirements } from './requirements.ts';

/**
 * Shares of a window between which an estimate is too rough to go by: four characters a token is up to 1.7 times too
 * low for dense text (numbers, identifiers) and up to twice too high for spaced-out text.
 */
const NEAR = { from: 0.6, to: 2 } as const;

/** True where the estimate lies near the window of some model. */
export function isNearAWindow(needs: Requirements, models: readonly ModelSpec[]): boolean {
  const tokens = needs.inputTokens + answerRoom(needs);
  return models.some(
    ({ contextWindow }) => tokens > NEAR.from * contextWindow && tokens < NEAR.to * contextWindow,
  );
}

/** Tokens of everything that is sent, by the tokenizer; what has no text (images) is estimated. */
export async function countInput(
  request: Pick<ChatRequest, 'messages' | 'tools'>,
  countTokens: CountTokens,
): Promise<number> {
  const { texts, tokens } = countableOf(request);
  let sum = tokens;
  for (const text of texts) sum += await countTokens(text);
  return sum;
}

export interface CountInputDeps {
  readonly models: readonly ModelSpec[];
  /** Absent: the estimate stands. */
  readonly countTokens?: CountTokens;
  readonly logger: Logger;
}

/** The needs with a counted length where the estimate is near a window. Never rejects: the estimate then stands. */
export async function withCountedInput(
  needs: Requirements,
  request: Pick<ChatRequest, 'messages' | 'tools'>,
  { models, countTokens, logger }: CountInputDeps,
): Promise<Requirements> {
  if (!countTokens || !isNearAWindow(needs, models)) return needs;
  try {
    return { ...needs, inputTokens: await countInput(request, countTokens) };
  } catch (err) {
    logger.error({ err }, 'the tokenizer failed, the estimate of the prompt length stands');
    return needs;
  }
}
