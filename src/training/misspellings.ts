/**
 * Words with two neighbouring letters swapped, as tokens of their own: the commonest slip of the finger then changes no
 * token that the model sees, since the graph reads each as the word that was meant.
 */

export interface Spellings {
  /** The vocabulary with the misspellings behind it. */
  readonly vocab: ReadonlyMap<string, number>;
  /** Id of any token to the id of the word that was meant, which is its own for all but misspellings. */
  readonly meant: Int32Array;
}

/** The word with each pair of neighbours swapped, the first letter left in its place. */
function swaps(word: string): string[] {
  return Array.from(
    { length: word.length - 2 },
    (_, at) => word.slice(0, at + 1) + word.charAt(at + 2) + word.charAt(at + 1) + word.slice(at + 3),
  );
}

/**
 * The misspellings of the vocabulary's words of four letters a to z or more. A word is never another's misspelling,
 * and the first of two words with one misspelling keeps it.
 */
export function withMisspellings(words: ReadonlyMap<string, number>): Spellings {
  const vocab = new Map(words);
  const meant = Array.from(words.values());
  for (const [word, id] of words) {
    if (!/^[a-z]{4,}$/.test(word)) continue;
    for (const swapped of swaps(word)) {
      if (vocab.has(swapped)) continue;
      vocab.set(swapped, meant.length);
      meant.push(id);
    }
  }
  return { vocab, meant: Int32Array.from(meant) };
}
