import type { ChatResponse, Part } from '../../src/core/chat.ts';
import type { CheckContext } from '../../src/core/ports.ts';
import type { ValidatorDeps } from '../../src/validators/index.ts';
import { responseOf } from '../fakes/provider.ts';

export const DEPS: ValidatorDeps = { clock: { now: () => 0, monotonic: () => 0 }, random: () => 0 };
export const CONTEXT: CheckContext = { signal: new AbortController().signal };

/** An answer of these parts. */
export function answerOf(...content: Part[]): ChatResponse {
  return { ...responseOf(''), content };
}

/** An answer of this text. */
export function says(text: string, over: Partial<ChatResponse> = {}): ChatResponse {
  return { ...responseOf(text), ...over };
}
