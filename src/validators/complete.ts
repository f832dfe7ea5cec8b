import { type ChatRequest, type ChatResponse, textOf } from '../core/chat.ts';
import type { Validator } from '../core/ports.ts';

/** What an answer is that filled the output ceiling which the caller or the route set. */
export type AtCeiling = 'fail' | 'pass';

const FENCE = /`{3,}|~{3,}/g;
const FENCE_LINE = /^ {0,3}(?:`{3,}|~{3,})/gm;
/** How JSON begins, and no prose in brackets does. */
const JSON_START = /^(?:\{\s*["}]|\[\s*[[{"\]\d-])/;

const isOdd = (matches: readonly string[] | null): boolean => (matches?.length ?? 0) % 2 === 1;

/** Fences come in pairs, also where blocks are nested in a Markdown block or one begins within a line. */
function leavesFenceOpen(text: string): boolean {
  return isOdd(text.match(FENCE_LINE)) && isOdd(text.match(FENCE));
}

/** True for text that begins as a JSON object or array and ends inside of it. */
function leavesJsonOpen(text: string): boolean {
  if (!JSON_START.test(text.slice(0, 200).trimStart())) return false;
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (quoted) {
      if (character === '\\') index += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return false;
    }
  }
  return depth > 0;
}

/** An answer that goes on from words the caller put in the model's mouth, or that a stop sequence ends, has no own form. */
function hasOwnForm(request: ChatRequest, response: ChatResponse): boolean {
  const stops = (request.stop?.length ?? 0) > 0 || response.stopReason === 'stop_sequence';
  return !stops && request.messages.at(-1)?.role !== 'assistant';
}

/**
 * Passes an answer that was not cut off: it did not run into an output limit and leaves no code block and no JSON open.
 * Where a sentence ends is not judged; only the stop reason says that it broke off.
 */
export function createCompleteValidator(name: string, atCeiling: AtCeiling): Validator {
  return {
    name,
    check(response, request) {
      const limited = request.maxOutputTokens !== undefined;
      if (response.stopReason === 'length') {
        return limited && atCeiling === 'pass'
          ? { ok: true }
          : { ok: false, reason: 'the answer was cut off at its output limit' };
      }
      if (!hasOwnForm(request, response)) return { ok: true };
      const text = textOf(response);
      if (leavesFenceOpen(text)) return { ok: false, reason: 'the answer leaves a code block open' };
      if (leavesJsonOpen(text)) return { ok: false, reason: 'the JSON of the answer is cut off' };
      return { ok: true };
    },
  };
}
