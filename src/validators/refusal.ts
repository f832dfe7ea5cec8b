import { type ChatRequest, type ChatResponse, textOf } from '../core/chat.ts';
import type { Validator, Verdict } from '../core/ports.ts';
import { REFUSAL_PHRASES } from './refusal-phrases.ts';

/** A refusal stands in the first words. */
const HEAD_CHARACTERS = 400;
/** Stands where a beginning is cut off, so that nothing there passes for the end of a sentence. */
const CUT = '\u2060';
/** How much of a request is searched for refusals of its own. */
const REQUEST_CHARACTERS = 20_000;

/** Requests about refusing, whose good answer may read like one. */
const ABOUT_REFUSING =
  /\b(?:refus|declin|reject|turn(?:ed|ing)? down|apolog|ablehn|absag|verweiger|entschuldig|rechaz|disculp|recus|rifiut|scus|weiger|avslå|afvis|odmow|odmów|odmít|reddet)|отказ|отклон|відмов|извин|رفض|اعتذ|拒|道歉|婉|断り|謝罪|お断|거절|거부|사과/iu;

function normalized(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFC')
    .replace(/[’‘`´]/g, "'")
    .replace(/\s+/g, ' ')
    .trim();
}

/** What stands between the apology and the refusal. */
const BETWEEN =
  '[\\s,.;:!،、。，！…—–-]*(?:but|aber|jedoch|mais|pero|mas|ma|maar|men|mutta|ale|ama|ancak|но|але|لكن|אבל|tapi|tetapi|nhưng|但是?|不过)?[\\s,،]*';
const PERSONA = '(?:as an? (?:ai|llm|assistant|language model)[^.!?]{0,60}, ?|als ki[^.!?]{0,60},? )?';

interface Phrases {
  /** At the beginning of an answer. */
  readonly opening: RegExp;
  /** Anywhere. */
  readonly anywhere: RegExp;
}

function compile(): Phrases {
  const all = Object.values(REFUSAL_PHRASES);
  const openings = all.map(({ apology, refusal }) => `(?:${apology}${BETWEEN})?${PERSONA}(?:${refusal})`);
  const phrases = {
    opening: new RegExp(`^(?:${openings.join('|')})`, 'u'),
    anywhere: new RegExp(all.map(({ refusal }) => refusal).join('|'), 'u'),
  };
  // Expressions of this size take tens of milliseconds to compile, which is done at their first and second use.
  for (const expression of [...Object.values(phrases), ...Object.values(phrases)]) expression.test('-');
  return phrases;
}

/** True where the request itself speaks of refusing, brings a refusal along, or its system prompt tells what to refuse. */
function asksForRefusal(request: ChatRequest, phrases: Phrases): boolean {
  const lastUser = request.messages.findLast(({ role }) => role === 'user');
  const system = request.messages.filter(({ role }) => role === 'system');
  const text = [...system, ...(lastUser ? [lastUser] : [])]
    .flatMap(({ content }) => content.map((part) => (part.type === 'text' ? part.text : '')))
    .map((each) => normalized(each.slice(0, REQUEST_CHARACTERS)))
    .join('\n');
  return ABOUT_REFUSING.test(text) || phrases.anywhere.test(text);
}

function refusesByForm({ content, stopReason }: ChatResponse): boolean {
  if (stopReason === 'refusal' || stopReason === 'content_filter') return true;
  return content.some((part) => part.type === 'refusal' && part.text.trim() !== '');
}

/**
 * Fails an answer that the upstream marks as refused or filtered, and one of at most `maxCharacters` that begins with a
 * refusal in one of the languages of REFUSAL_PHRASES. A quotation, a partial answer that is longer, and an answer to a
 * request about refusing pass.
 */
export function createRefusalValidator(name: string, maxCharacters: number): Validator {
  const phrases = compile();

  function judge(response: ChatResponse, request: ChatRequest, end: string): Verdict {
    if (refusesByForm(response)) return { ok: false, reason: 'the model refused' };
    const text = textOf(response).trim();
    if (text.length > maxCharacters || response.content.some(({ type }) => type === 'tool_call')) {
      return { ok: true };
    }
    const head = normalized(text.slice(0, HEAD_CHARACTERS)) + end;
    if (!phrases.opening.test(head) || asksForRefusal(request, phrases)) return { ok: true };
    return { ok: false, reason: 'the answer begins with a refusal' };
  }

  return {
    name,
    check: (response, request) => judge(response, request, ''),
    prefix: (response, request) => judge(response, request, CUT),
  };
}
