/** The attribute lexicon: what a word or phrase tells about a request in which it occurs. */
import { readFileSync } from 'node:fs';

/** The scales, in the order of the digits; each 0 (nothing) to 9 (very strongly). */
export const SCALES = ['depth', 'reasoning', 'size', 'code', 'math', 'writing', 'stakes', 'routine'] as const;

/** Term to its ratings, each 0 to 1. */
export type Lexicon = ReadonlyMap<string, readonly number[]>;

/** Reads `term<TAB>eight digits` lines; `#` opens a comment, later lines win. Throws on any other line. */
export function parseLexicon(text: string): Lexicon {
  const lexicon = new Map<string, readonly number[]>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#\t') || line.startsWith('# ')) continue;
    const [term, digits, ...rest] = line.split('\t');
    if (!term || !digits || !/^[0-9]{8}$/.test(digits) || rest.length > 0) {
      throw new Error(
        `lexicon line ${index + 1} is not a term, a tab and eight digits: ${line.slice(0, 60)}`,
      );
    }
    lexicon.set(
      term,
      [...digits].map((digit) => Number(digit) / 9),
    );
  }
  return lexicon;
}

export function readLexicon(path: string): Lexicon {
  return parseLexicon(readFileSync(path, 'utf8'));
}
