import { type ChatRequest, type ChatResponse, type Part, textOf } from '../core/chat.ts';
import type { Validator } from '../core/ports.ts';

const USEFUL: ReadonlySet<string> = new Set(['tool_call', 'image', 'opaque']);
/** Pieces of a format's own that are about an answer and none themselves. */
const ABOUT: ReadonlySet<string> = new Set([
  'annotations',
  'citations',
  'container',
  'context_management',
  'phase',
  'related_questions',
  'search_results',
  'stop_details',
]);

function isUseful(part: Part): boolean {
  return USEFUL.has(part.type) && !(part.type === 'opaque' && ABOUT.has(part.kind));
}

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
      const useful = response.content.some(isUseful) || textOf(response).trim() !== '';
      if (useful || mayBeEmpty(response, request)) return { ok: true };
      return { ok: false, reason: 'the answer is empty' };
    },
    prefix(response) {
      const blank = response.content.every(({ type }) => type === 'text') && textOf(response).trim() === '';
      return blank ? { ok: false, reason: 'the answer begins with blanks only' } : { ok: true };
    },
  };
}
