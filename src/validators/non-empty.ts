import { textOf } from '../core/chat.ts';
import type { Validator } from '../core/ports.ts';

/** Passes an answer that has visible text or calls a tool. */
export function createNonEmptyValidator(name: string): Validator {
  return {
    name,
    check(response) {
      const useful =
        response.content.some((part) => part.type === 'tool_call') || textOf(response).trim() !== '';
      return useful ? { ok: true } : { ok: false, reason: 'the answer is empty' };
    },
  };
}
