import type { ChatRequest, ChatResponse } from '../core/chat.ts';
import type { Validator } from '../core/ports.ts';

/** The first validator that fails the answer, and why; undefined where all pass. */
export function failedVerdict(
  validators: readonly Validator[],
  response: ChatResponse,
  request: ChatRequest,
): { readonly name: string; readonly reason: string } | undefined {
  for (const validator of validators) {
    const verdict = validator.check(response, request);
    if (!verdict.ok) return { name: validator.name, reason: verdict.reason };
  }
  return undefined;
}
