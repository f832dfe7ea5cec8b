import type { ChatRequest, ChatResponse } from '../core/chat.ts';
import type { CheckContext, Validator } from '../core/ports.ts';

/** The first validator that fails the answer, and why; undefined where all pass. */
export async function failedVerdict(
  validators: readonly Validator[],
  response: ChatResponse,
  request: ChatRequest,
  context: CheckContext,
): Promise<{ readonly name: string; readonly reason: string } | undefined> {
  for (const validator of validators) {
    const { name } = validator;
    const verdict = await validator.check(response, request, context);
    if (verdict.paid) context.paid?.({ name, ...verdict.paid });
    if (!verdict.ok) return { name, reason: verdict.reason };
  }
  return undefined;
}
