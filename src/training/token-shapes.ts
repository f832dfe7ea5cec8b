/** Which tokens begin or end alike: whole words of more than three letters with the same first four, or last three. */
export interface TokenShapes {
  readonly vocabulary: number;
  /** Group of each token by its beginning, -1 for none. */
  readonly prefixOf: Int32Array;
  readonly suffixOf: Int32Array;
  /** Number of groups. */
  readonly prefixes: number;
  readonly suffixes: number;
}

const WORD = /^\p{L}{4,}$/u;

export function tokenShapes(vocab: ReadonlyMap<string, number>): TokenShapes {
  const prefixes = new Map<string, number>();
  const suffixes = new Map<string, number>();
  const prefixOf = new Int32Array(vocab.size).fill(-1);
  const suffixOf = new Int32Array(vocab.size).fill(-1);
  const group = (groups: Map<string, number>, key: string): number => {
    const known = groups.get(key) ?? groups.size;
    groups.set(key, known);
    return known;
  };
  for (const [token, id] of vocab) {
    if (!WORD.test(token)) continue;
    prefixOf[id] = group(prefixes, token.slice(0, 4));
    suffixOf[id] = group(suffixes, token.slice(-3));
  }
  return { vocabulary: vocab.size, prefixOf, suffixOf, prefixes: prefixes.size, suffixes: suffixes.size };
}
