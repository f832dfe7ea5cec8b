/** What is known of each token before any label is seen: ratings, surface classes and its word vector. */
import { PAD_TOKEN } from '../classifiers/wordpiece.ts';
import { RESERVED_TOKENS } from '../routing/features.ts';
import { type Lexicon, SCALES } from './lexicon.ts';
import { withMisspellings } from './misspellings.ts';
import { DIMENSIONS, type Pretrained } from './pretrain.ts';
import { type TokenShapes, tokenShapes } from './token-shapes.ts';
import { termIds } from './vocabulary.ts';

const SYMBOLS = [...'⏎?.,(){}=+$\\"\':;/<>`#-_%!*|[]^@&…'] as const;
const CLASSES: readonly ((token: string) => boolean)[] = [
  (token) => /^(##)?\p{L}+$/u.test(token),
  (token) => /^(##)?0+$/.test(token),
  (token) => /^0$/.test(token),
  (token) => /^\p{L}$/u.test(token),
  (token) => token.startsWith('##'),
  (token) => /^\p{L}{8,}$/u.test(token),
  (token) => /^\p{L}{2,3}$/u.test(token),
  (token) => /[^\p{Script=Latin}\p{P}\p{S}\p{N}]/u.test(token.replace('##', '')),
  (token) => /^[\p{Sm}\p{Sc}]$/u.test(token),
];

/** Columns of the table: ratings, their 4th powers, shares above two bounds, rated or not, classes, vector. */
export const RATINGS = SCALES.length;
export const LEXICAL = 4 * RATINGS + 1;
export const SURFACE = CLASSES.length + SYMBOLS.length + RESERVED_TOKENS.length;
export const COLUMNS = LEXICAL + SURFACE + DIMENSIONS;
/** Columns of a phrase: ratings, and whether there is a phrase at all. */
export const PHRASE_COLUMNS = RATINGS + 1;

const HIGH = 6 / 9;
const MIDDLE = 4 / 9;

export interface TokenTable {
  /** Tokens with a row; the misspellings behind them have none. */
  readonly vocabulary: number;
  /** Id of any token to the id of its row. */
  readonly meant: Int32Array;
  readonly shapes: TokenShapes;
  /** [vocabulary * COLUMNS] */
  readonly values: Float32Array;
  /** Rated phrases of two and of three tokens. */
  readonly phrases: readonly { readonly ids: readonly number[]; readonly ratings: readonly number[] }[];
}

function lexicalColumns(ratings: readonly number[]): number[] {
  return [
    ...ratings,
    ...ratings.map((rating) => rating ** 4),
    ...ratings.map((rating) => (rating >= HIGH - 1e-9 ? 1 : 0)),
    ...ratings.map((rating) => (rating >= MIDDLE - 1e-9 ? 1 : 0)),
    1,
  ];
}

function surfaceColumns(token: string): number[] {
  if (token === PAD_TOKEN) return new Array(SURFACE).fill(0);
  const reserved = RESERVED_TOKENS.map((name) => (name === token ? 1 : 0));
  const classes = token.startsWith('<|') ? CLASSES.map(() => 0) : CLASSES.map((is) => (is(token) ? 1 : 0));
  const symbols = SYMBOLS.map((symbol) => (symbol === token ? 1 : 0));
  return [...classes, ...symbols, ...reserved];
}

/** Ratings of single words go to their token, those of phrases of two or three tokens to `phrases`. */
export function buildTokenTable(pretrained: Pretrained, lexicon: Lexicon): TokenTable {
  const { vocab, vectors } = pretrained;
  const values = new Float32Array(vocab.size * COLUMNS);
  const phrases: { ids: readonly number[]; ratings: readonly number[] }[] = [];
  for (const [term, ratings] of lexicon) {
    const ids = termIds(term, vocab);
    const [first] = ids ?? [];
    if (!ids || first === undefined || ids.length > 3) continue;
    if (ids.length === 1) values.set(lexicalColumns(ratings), first * COLUMNS);
    else phrases.push({ ids, ratings });
  }
  for (const [token, id] of vocab) {
    values.set(surfaceColumns(token), id * COLUMNS + LEXICAL);
    values.set(vectors.subarray(id * DIMENSIONS, (id + 1) * DIMENSIONS), id * COLUMNS + LEXICAL + SURFACE);
  }
  const { meant } = withMisspellings(vocab);
  return { vocabulary: vocab.size, meant, shapes: tokenShapes(vocab), values, phrases };
}
