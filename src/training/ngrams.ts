/**
 * The linear part: weights of tokens and hashed token pairs, tf-idf scaled and length-normalised, several heads
 * over one pass. A head's target may be unknown (NaN): it then says nothing, so labels, thumbs and outcome tables
 * train together (one masked logistic loss). Adagrad (Duchi, Hazan, Singer 2011).
 */
import { BIGRAM_BUCKETS, pairBucket } from './hashing.ts';
import { createRandom, permutation } from './random.ts';

/** Features of one text: indices (tokens, then vocabulary + bucket) and their normalised values. */
export interface Sparse {
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

/** Inverse document frequencies of tokens and buckets. */
export type Idf = Float32Array;

function indicesOf(ids: Int32Array, asked: number, vocabulary: number): Int32Array {
  const indices = new Set<number>();
  for (let at = 0; at < asked; at++) {
    indices.add(ids[at] ?? 0);
    indices.add(vocabulary + pairBucket(ids[at] ?? 0, ids[at + 1] ?? 0, BIGRAM_BUCKETS));
  }
  return Int32Array.from(indices);
}

/** ln((1 + n) / (1 + df)) + 1 over the given texts. */
export function inverseFrequencies(texts: readonly Int32Array[], vocabulary: number): Idf {
  const frequency = new Float64Array(vocabulary + BIGRAM_BUCKETS);
  for (const ids of texts) {
    for (const index of indicesOf(ids, ids.length, vocabulary))
      frequency[index] = (frequency[index] ?? 0) + 1;
  }
  return Float32Array.from(frequency, (df) => Math.log((1 + texts.length) / (1 + df)) + 1);
}

/** Features of the first `asked` tokens, each distinct one once; the last pair reaches one token further. */
export function sparseOf(ids: Int32Array, asked: number, vocabulary: number, idf: Idf): Sparse {
  const indices = indicesOf(ids, asked, vocabulary);
  const values = Float32Array.from(indices, (index) => idf[index] ?? 0);
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 1e-6));
  return { indices, values: values.map((value) => value / norm) };
}

export interface LinearRow {
  readonly features: Sparse;
  /** One per head, 0 to 1, NaN where unknown. */
  readonly targets: readonly number[];
  readonly weight: number;
}

export interface LinearModel {
  readonly heads: number;
  /** [features * heads] */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

export interface LinearOptions {
  readonly heads: number;
  readonly epochs: number;
  readonly rate: number;
  readonly decay: number;
  readonly seed: number;
}

/** Raw scores (log odds) of every head. */
export function linearScores(model: LinearModel, { indices, values }: Sparse): Float64Array {
  const scores = Float64Array.from(model.bias);
  for (let k = 0; k < indices.length; k++) {
    const base = (indices[k] ?? 0) * model.heads;
    const value = values[k] ?? 0;
    for (let head = 0; head < model.heads; head++) scores[head]! += value * (model.weights[base + head] ?? 0);
  }
  return scores;
}

export function trainLinear(
  rows: readonly LinearRow[],
  features: number,
  options: LinearOptions,
): LinearModel {
  const { heads, epochs, rate, decay } = options;
  const model = { heads, weights: new Float32Array(features * heads), bias: new Float32Array(heads) };
  const squares = new Float32Array(features * heads).fill(1e-4);
  const biasSquares = new Float32Array(heads).fill(1);
  const random = createRandom(options.seed);
  const gradient = new Float64Array(heads);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const at of permutation(rows.length, random)) {
      const row = rows[at];
      if (!row) continue;
      const { indices, values } = row.features;
      const scores = linearScores(model, row.features);
      for (let head = 0; head < heads; head++) {
        const target = row.targets[head] ?? Number.NaN;
        const error = 1 / (1 + Math.exp(-(scores[head] ?? 0))) - target;
        gradient[head] = Number.isNaN(target) ? 0 : error * row.weight;
        biasSquares[head]! += (gradient[head] ?? 0) ** 2;
        model.bias[head]! -= (rate * (gradient[head] ?? 0)) / Math.sqrt(biasSquares[head] ?? 1);
      }
      for (let k = 0; k < indices.length; k++) {
        const base = (indices[k] ?? 0) * heads;
        const value = values[k] ?? 0;
        for (let head = 0; head < heads; head++) {
          const known = gradient[head] ?? 0;
          if (known === 0) continue;
          const slope = known * value + decay * value * (model.weights[base + head] ?? 0);
          squares[base + head]! += slope * slope;
          model.weights[base + head]! -= (rate * slope) / Math.sqrt(squares[base + head] ?? 1);
        }
      }
    }
  }
  return model;
}
