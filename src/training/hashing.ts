/** Buckets of token pairs and triples, the same in the trainer and inside the ONNX graph (64-bit integers). */

/** Prime, so that neighbouring ids spread. Buckets of weighted bigrams. */
export const BIGRAM_BUCKETS = 131_071;
/** Prime. Slots of rated phrases: many, because two phrases must not meet. */
export const PHRASE_SLOTS = 524_287;
export const FACTORS = [1_000_003, 15_485_863, 32_452_843] as const;

/** Bucket of two ids; ids are below 2^20, so every product stays below 2^53. */
export function pairBucket(a: number, b: number, buckets: number): number {
  return (a * FACTORS[0] + b * FACTORS[1]) % buckets;
}

export function tripleBucket(a: number, b: number, c: number, buckets: number): number {
  return (a * FACTORS[0] + b * FACTORS[1] + c * FACTORS[2]) % buckets;
}
