import type { ChatRequest, ChatResponse } from '../../core/chat.ts';
import type { CheckContext, Validator, Verdict } from '../../core/ports.ts';

/** Which validator failed an answer, and why. */
export interface Rejection {
  readonly name: string;
  readonly reason: string;
}

type Judge = (validator: Validator) => Verdict | Promise<Verdict> | undefined;

async function firstFailure(
  validators: readonly Validator[],
  judge: Judge,
  context: CheckContext,
): Promise<Rejection | undefined> {
  for (const validator of validators) {
    const { name } = validator;
    const verdict = await judge(validator);
    if (verdict?.paid) context.paid?.({ name, ...verdict.paid });
    if (verdict && !verdict.ok) return { name, reason: verdict.reason };
  }
  return undefined;
}

/** The first validator that fails the answer, and why; undefined where all pass. */
export function failedVerdict(
  validators: readonly Validator[],
  response: ChatResponse,
  request: ChatRequest,
  context: CheckContext,
): Promise<Rejection | undefined> {
  return firstFailure(validators, (validator) => validator.check(response, request, context), context);
}

/** The first validator that fails the beginning of an answer; those that judge whole answers only let it pass. */
export function failedPrefix(
  validators: readonly Validator[],
  response: ChatResponse,
  request: ChatRequest,
  context: CheckContext,
): Promise<Rejection | undefined> {
  return firstFailure(validators, (validator) => validator.prefix?.(response, request, context), context);
}
