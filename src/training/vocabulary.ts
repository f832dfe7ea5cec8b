/** The tokenizer's vocabulary, learnt from text, and the `tokenizer.json` that carries it. */
import {
  NORMALIZERS,
  PAD_TOKEN,
  pieces,
  START_TOKEN,
  UNKNOWN_TOKEN,
  wordsOf,
} from '../classifiers/wordpiece.ts';
import { RESERVED_TOKENS } from '../routing/features.ts';

/** Id of HISTORY_TOKEN: the first of the reserved tokens, behind pad, unknown and start. */
export const HISTORY_ID = 3;

const LONGEST_WORD = 40;
const LONGEST_PIECE = 8;

export interface VocabularyOptions {
  readonly texts: Iterable<string>;
  /** Words and phrases that must be whole tokens. */
  readonly terms: Iterable<string>;
  /** Whole words taken from the texts, besides the terms' and the single characters. */
  readonly words: number;
  /** Continuations (`##ing`) taken from the rarer words. */
  readonly pieces: number;
  /** Characters, words and pieces seen less often are left out. */
  readonly leastCount: number;
}

type Counts = Map<string, number>;

function count(counts: Counts, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** The most frequent keys, ties by code unit, so that the order is the same everywhere. */
function top(counts: Counts, limit: number, least: number): string[] {
  return [...counts]
    .filter(([, times]) => times >= least)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([key]) => key);
}

function continuations(words: Counts, vocab: ReadonlyMap<string, number>): Counts {
  const found: Counts = new Map();
  for (const [word, times] of words) {
    if (vocab.has(word) || word.length > LONGEST_WORD) continue;
    for (let end = word.length - 1; end >= 2; end--) {
      if (!vocab.has(word.slice(0, end))) continue;
      const rest = word.slice(end);
      if (rest.length > 1 && rest.length <= LONGEST_PIECE) count(found, `##${rest}`, times);
      break;
    }
  }
  return found;
}

/** Token to id: reserved tokens first, then characters, terms, frequent words and frequent continuations. */
export function buildVocabulary(options: VocabularyOptions): Map<string, number> {
  const words: Counts = new Map();
  for (const text of options.texts) for (const word of wordsOf(text)) count(words, word, 1);
  const characters: Counts = new Map();
  for (const [word, times] of words) for (const character of word) count(characters, character, times);
  const vocab = new Map<string, number>();
  const add = (token: string): void => {
    if (!vocab.has(token)) vocab.set(token, vocab.size);
  };
  for (const token of [PAD_TOKEN, UNKNOWN_TOKEN, START_TOKEN, ...RESERVED_TOKENS]) add(token);
  const ascii = Array.from({ length: 94 }, (_, code) => String.fromCharCode(33 + code).toLowerCase());
  for (const character of [
    ...new Set(ascii),
    '⏎',
    ...top(characters, Number.POSITIVE_INFINITY, options.leastCount),
  ]) {
    add(character);
    add(`##${character}`);
  }
  for (const term of options.terms) for (const word of wordsOf(term)) add(word);
  for (const word of top(words, options.words, options.leastCount))
    if (word.length <= LONGEST_WORD) add(word);
  for (const piece of top(continuations(words, vocab), options.pieces, options.leastCount)) add(piece);
  return vocab;
}

/** The ids of a lexicon term, without start token; undefined where it is not made of known pieces. */
export function termIds(term: string, vocab: ReadonlyMap<string, number>): number[] | undefined {
  const ids: number[] = [];
  for (const word of wordsOf(term)) {
    const found = pieces(word, vocab);
    if (!found) return undefined;
    ids.push(...found);
  }
  return ids;
}

/** `tokenizer.json` as Hugging Face tokenizers read it. */
export function tokenizerJson(vocab: ReadonlyMap<string, number>): Record<string, unknown> {
  const added = [PAD_TOKEN, UNKNOWN_TOKEN, START_TOKEN, ...RESERVED_TOKENS];
  const start = vocab.get(START_TOKEN);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map((content) => ({
      id: vocab.get(content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: 'Sequence', normalizers: NORMALIZERS },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: START_TOKEN, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [
        { SpecialToken: { id: START_TOKEN, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { Sequence: { id: 'B', type_id: 0 } },
      ],
      special_tokens: { [START_TOKEN]: { id: START_TOKEN, ids: [start], tokens: [START_TOKEN] } },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: UNKNOWN_TOKEN,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: LONGEST_WORD,
      vocab: Object.fromEntries(vocab),
    },
  };
}

/** `tokenizer_config.json`. `maxTokens`: longer texts lose their end. */
export function tokenizerConfig(maxTokens: number): Record<string, unknown> {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: maxTokens,
    padding_side: 'right',
    truncation_side: 'right',
    pad_token: PAD_TOKEN,
    unk_token: UNKNOWN_TOKEN,
    clean_up_tokenization_spaces: false,
    model_input_names: ['input_ids', 'attention_mask'],
  };
}
