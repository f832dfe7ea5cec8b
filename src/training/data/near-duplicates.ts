/**
 * Finds texts that are nearly the same: sets of character 5-grams of the normalised text, candidates by MinHash with
 * banding (Broder 1997; Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, chapter 3), each candidate
 * verified by its exact Jaccard similarity. Characters and not words, so that short texts and languages without
 * spaces are compared alike.
 */

const GRAM = 5;
/** 24 bands of 3 hashes find a pair of similarity 0.6 with a probability of 0.997. */
const BANDS = 24;
const BAND_ROWS = 3;
const HASHES = BANDS * BAND_ROWS;

/** Lower case, compatibility forms folded, everything but letters and digits one space. */
export function normalise(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** Scrambles 32 bits (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The distinct hashes of a normalised text's 5-grams, ascending. A shorter text is one gram. */
export function shingles(normalised: string): Uint32Array {
  const count = Math.max(1, normalised.length - GRAM + 1);
  const hashes = new Uint32Array(count);
  for (let start = 0; start < count; start++) {
    let hash = 0x811c9dc5;
    for (let at = start; at < start + GRAM && at < normalised.length; at++) {
      hash = Math.imul(hash ^ normalised.charCodeAt(at), 0x01000193);
    }
    hashes[start] = mix(hash);
  }
  hashes.sort();
  let kept = 0;
  for (let at = 0; at < count; at++) {
    const hash = hashes[at] ?? 0;
    if (at === 0 || hash !== hashes[kept - 1]) hashes[kept++] = hash;
  }
  return hashes.slice(0, kept);
}

/** Shared share of two ascending sets, 0 to 1. */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let shared = 0;
  let left = 0;
  let right = 0;
  while (left < a.length && right < b.length) {
    const difference = (a[left] ?? 0) - (b[right] ?? 0);
    if (difference === 0) shared++;
    if (difference <= 0) left++;
    if (difference >= 0) right++;
  }
  return shared / (a.length + b.length - shared);
}

function signature(set: Uint32Array): Uint32Array {
  const least = new Uint32Array(HASHES).fill(0xffffffff);
  for (const gram of set) {
    let hash = gram;
    for (let row = 0; row < HASHES; row++) {
      hash = (Math.imul(hash, 0x9e3779b1) + 0x7f4a7c15) >>> 0;
      const value = (hash ^ (hash >>> 15)) >>> 0;
      if (value < (least[row] ?? 0)) least[row] = value;
    }
  }
  return least;
}

export interface NearPair {
  /** Index of the earlier text. */
  readonly a: number;
  readonly b: number;
  readonly similarity: number;
}

/** Texts that share a band, as `a * count + b` with a < b. */
function candidates(signatures: readonly Uint32Array[]): Set<number> {
  const found = new Set<number>();
  for (let band = 0; band < BANDS; band++) {
    const buckets = new Map<string, number[]>();
    signatures.forEach((hashes, index) => {
      const key = hashes.subarray(band * BAND_ROWS, (band + 1) * BAND_ROWS).join();
      const bucket = buckets.get(key);
      for (const earlier of bucket ?? []) found.add(earlier * signatures.length + index);
      if (bucket) bucket.push(index);
      else buckets.set(key, [index]);
    });
  }
  return found;
}

export interface NearOptions {
  /** Similarity that must be exceeded, 0 to 1. */
  readonly above: number;
  /** Pairs that need not be compared, such as rows of one minimal-pair group. */
  readonly exempt?: (a: number, b: number) => boolean;
}

/** Pairs of texts whose similarity exceeds the bound, in the order of the texts. */
export function nearDuplicates(texts: readonly string[], { above, exempt }: NearOptions): NearPair[] {
  const sets = texts.map((text) => shingles(normalise(text)));
  const pairs: NearPair[] = [];
  for (const key of candidates(sets.map(signature))) {
    const a = Math.floor(key / texts.length);
    const b = key % texts.length;
    const [left, right] = [sets[a], sets[b]];
    if (!left || !right || exempt?.(a, b)) continue;
    const similarity = jaccard(left, right);
    if (similarity > above) pairs.push({ a, b, similarity });
  }
  return pairs.sort((one, other) => one.a - other.a || one.b - other.b);
}
