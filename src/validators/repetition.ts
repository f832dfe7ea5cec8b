import { type ChatRequest, type StopReason, textOf } from '../core/chat.ts';
import type { Validator } from '../core/ports.ts';

/** A loop stands at the end: so much of it is looked at. */
const TAIL_CHARACTERS = 8_000;
const REQUEST_CHARACTERS = 20_000;

/** From how many turns and characters on a repetition is a loop. An answer that ended by itself needs more. */
const BOUNDS = {
  cut: { turns: 4, characters: 200 },
  ended: { turns: 8, characters: 600 },
  /** A unit without letters: rules, dots, rows of zeros. */
  letterless: { turns: 100, characters: 1_500 },
} as const;

const LETTER = /\p{L}/gu;
const countLetters = (text: string): number => text.match(LETTER)?.length ?? 0;

/**
 * The longest run at the end of the text that is one unit again and again, the last turn perhaps broken off: the period
 * of every suffix is its length less its longest border (Knuth, Morris, Pratt 1977). Linear in the text's length.
 */
export function trailingLoop(text: string): { readonly unit: string; readonly length: number } | undefined {
  const size = text.length;
  const at = (index: number): number => text.charCodeAt(size - 1 - index);
  const border = new Int32Array(size);
  let best: { unit: string; length: number } | undefined;
  for (let index = 1; index < size; index += 1) {
    let length = border[index - 1] ?? 0;
    while (length > 0 && at(index) !== at(length)) length = border[length - 1] ?? 0;
    if (at(index) === at(length)) length += 1;
    border[index] = length;
    const run = index + 1;
    const period = run - length;
    if (run >= 3 * period) best = { unit: text.slice(size - period), length: run };
  }
  return best;
}

/** Pieces of so many characters are compared in prose. */
const SHINGLE = 24;
const LEAST_PROSE = 2_000;
/** Fewer different pieces than this share, and the prose goes round in circles. */
const LEAST_DISTINCT = 0.15;

/** What is left of a text without code blocks and the rows of tables. */
function prose(text: string): string {
  return text
    .replace(/^ {0,3}```[\s\S]*?(?:^ {0,3}```|$(?![\s\S]))/gm, '')
    .replace(/^\s*\|.*$/gm, '')
    .replace(/^\s*(?:[-*+•]|\d{1,4}[.)])\s+/gm, '');
}

/** The share of different pieces among all that have letters enough; 1 where the prose is too short to say. */
function distinctShare(text: string): number {
  const flat = prose(text).replace(/\s+/g, ' ');
  if (flat.length < LEAST_PROSE) return 1;
  const seen = new Set<string>();
  let pieces = 0;
  for (let index = 0; index + SHINGLE <= flat.length; index += 1) {
    const piece = flat.slice(index, index + SHINGLE);
    pieces += 1;
    seen.add(piece);
  }
  return countLetters(flat) < flat.length / 2 ? 1 : seen.size / pieces;
}

function squeezed(text: string): string {
  return text
    .toLowerCase()
    .replace(/[\s\p{P}]+/gu, ' ')
    .trim();
}

/** What the users wrote, the latest first, as far as it is searched. */
function wordsOfUsers(request: ChatRequest): string {
  const texts = request.messages
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) => content.map((part) => (part.type === 'text' ? part.text : '')));
  return squeezed(texts.reverse().join('\n').slice(0, REQUEST_CHARACTERS));
}

/** True where the caller wrote the repeated words, as who asks for them a hundred times does; a run may begin within them. */
function isBroughtAlong(unit: string, request: ChatRequest): boolean {
  const words = squeezed(unit)
    .split(' ')
    .filter((word) => word !== '');
  const written = wordsOfUsers(request);
  return words.some((_, turn) => written.includes([...words.slice(turn), ...words.slice(0, turn)].join(' ')));
}

function isLoop(unit: string, length: number, stopReason: StopReason): boolean {
  const own = stopReason === 'length' ? BOUNDS.cut : BOUNDS.ended;
  const bounds = countLetters(unit) < 2 ? BOUNDS.letterless : own;
  return length / unit.length >= bounds.turns && length >= bounds.characters;
}

/**
 * Passes an answer that does not end in a loop: one unit again and again, or prose of which hardly any piece is new.
 * Tables, lists and code whose rows differ pass, as does a repetition of words that the caller wrote.
 */
export function createNoRepetitionValidator(name: string): Validator {
  const looping = { ok: false, reason: 'the answer ends in a loop' } as const;
  return {
    name,
    check(response, request) {
      const tail = textOf(response).slice(-TAIL_CHARACTERS).trimEnd();
      const loop = trailingLoop(tail);
      if (loop && isLoop(loop.unit, loop.length, response.stopReason)) {
        return loop.unit.length < 500 && isBroughtAlong(loop.unit, request) ? { ok: true } : looping;
      }
      return distinctShare(tail) < LEAST_DISTINCT ? looping : { ok: true };
    },
  };
}
