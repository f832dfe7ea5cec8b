/** Counts the tokens of a text with the tokenizer of recent OpenAI models, which is near those of the others. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CountTokens } from '../core/ports.ts';

/** Characters of one piece: merging is quadratic in a run without a break, so that no run may be longer. */
const PIECE = 256;
/** Characters counted before other work gets its turn. */
const SLICE = 16_384;

/** Cuts behind the last blank of each piece where there is one, so that words stay whole. */
function* piecesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const end = start + PIECE;
    const blank = end < text.length ? text.lastIndexOf(' ', end) : text.length;
    const cut = blank > start ? blank : end;
    yield text.slice(start, cut);
    start = cut;
  }
}

/** The tokenizer's tables (some 75 MB) are loaded at the first count and kept. */
export function createTokenCounter(): CountTokens {
  let loading: Promise<(text: string) => number> | undefined;
  const load = async (): Promise<(text: string) => number> => {
    const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
    const asText = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };
    return (text) => countTokens(text, asText);
  };
  return async (text) => {
    loading ??= load();
    const count = await loading;
    let tokens = 0;
    let sinceTurn = 0;
    for (const piece of piecesOf(text)) {
      tokens += count(piece);
      sinceTurn += piece.length;
      if (sinceTurn < SLICE) continue;
      sinceTurn = 0;
      await nextTurn();
    }
    return tokens;
  };
}
