import { type ChatRequest, type ChatResponse, textOf } from '../core/chat.ts';
import type { Validator } from '../core/ports.ts';

const USEFUL: ReadonlySet<string> = new Set(['tool_call', 'image', 'opaque']);

/** A stop sequence, or an agent that has nothing to add to a tool's result, may end an answer before its first word. */
function mayBeEmpty(response: ChatResponse, request: ChatRequest): boolean {
  if (response.stopReason === 'stop_sequence' || response.stopReason === 'pause') return true;
  const last = request.messages.at(-1);
  return response.stopReason === 'stop' && last?.content.some(({ type }) => type === 'tool_result') === true;
}

/** Passes an answer that has visible text, calls a tool or has a part of its format's own. */
export function createNonEmptyValidator(name: string): Validator {
  return {
    name,
    check(response, request) {
      const useful = response.content.some(({ type }) => USEFUL.has(type)) || textOf(response).trim() !== '';
      if (useful || mayBeEmpty(response, request)) return { ok: true };
      return { ok: false, reason: 'the answer is empty' };
    },
    prefix(response) {
      const blank = response.content.every(({ type }) => type === 'text') && textOf(response).trim() === '';
      return blank ? { ok: false, reason: 'the answer begins with blanks only' } : { ok: true };
    },
  };
}
