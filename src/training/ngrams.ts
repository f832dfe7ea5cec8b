/**
 * The linear part: weights of tokens, hashed token pairs, first tokens and tokens of the past, tf-idf scaled and
 * length-normalised, several heads over one pass. Tokens that begin or end alike share further weights. A head's
 * target may be unknown (NaN): it then says nothing, so labels, thumbs and outcome tables train together (one masked
 * logistic loss). Adagrad (Duchi, Hazan, Singer 2011).
 */
import { BIGRAM_BUCKETS, pairBucket } from './hashing.ts';
import { createRandom, permutation } from './random.ts';
import type { TokenShapes } from './token-shapes.ts';
import { HISTORY_ID } from './vocabulary.ts';

/** Features of one text and their normalised values; an index may come more than once. */
export interface Sparse {
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

/** Inverse document frequencies by index. */
export type Idf = Float32Array;

/** So many tokens at the beginning have a weight of their own, the start token among them. */
export const FIRST_TOKENS = 6;

/** Where each kind of feature begins in the vector of weights. */
export interface LinearLayout {
  readonly pairs: number;
  readonly first: number;
  readonly past: number;
  readonly prefixes: number;
  readonly suffixes: number;
  readonly size: number;
}

export function layoutOf({ vocabulary, prefixes, suffixes }: TokenShapes): LinearLayout {
  const first = vocabulary + BIGRAM_BUCKETS;
  const past = first + vocabulary;
  const start = past + vocabulary;
  return {
    pairs: vocabulary,
    first,
    past,
    prefixes: start,
    suffixes: start + prefixes,
    size: start + prefixes + suffixes,
  };
}

/** Indices of the features of a text, in the order of its tokens. Distinct tokens and pairs count once. */
export function featureIndices(ids: Int32Array, shapes: TokenShapes): Int32Array {
  const layout = layoutOf(shapes);
  const mark = ids.indexOf(HISTORY_ID);
  const asked = mark === -1 ? ids.length : mark;
  const indices: number[] = [];
  const tokens = new Set(ids.subarray(0, asked));
  for (const id of tokens) {
    indices.push(id);
    const prefix = shapes.prefixOf[id] ?? -1;
    const suffix = shapes.suffixOf[id] ?? -1;
    if (prefix >= 0) indices.push(layout.prefixes + prefix);
    if (suffix >= 0) indices.push(layout.suffixes + suffix);
  }
  const pairs = new Set<number>();
  for (let at = 0; at < asked; at++) pairs.add(pairBucket(ids[at] ?? 0, ids[at + 1] ?? 0, BIGRAM_BUCKETS));
  for (const bucket of pairs) indices.push(layout.pairs + bucket);
  for (const id of ids.subarray(0, Math.min(asked, FIRST_TOKENS))) indices.push(layout.first + id);
  for (const id of new Set(ids.subarray(asked))) indices.push(layout.past + id);
  return Int32Array.from(indices);
}

/** ln((1 + n) / (1 + df)) + 1 over the given texts. */
export function inverseFrequencies(texts: readonly Int32Array[], shapes: TokenShapes): Idf {
  const frequency = new Float64Array(layoutOf(shapes).size);
  for (const ids of texts) {
    for (const index of new Set(featureIndices(ids, shapes))) frequency[index] = (frequency[index] ?? 0) + 1;
  }
  return Float32Array.from(frequency, (df) => Math.log((1 + texts.length) / (1 + df)) + 1);
}

/** The features of a text, scaled by how rare they are and to unit length. */
export function sparseOf(ids: Int32Array, shapes: TokenShapes, idf: Idf): Sparse {
  const indices = featureIndices(ids, shapes);
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
    for (let head = 0; head < model.heads; head++)
      scores[head] = (scores[head] as number) + value * (model.weights[base + head] ?? 0);
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
        biasSquares[head] = (biasSquares[head] as number) + (gradient[head] ?? 0) ** 2;
        model.bias[head] =
          (model.bias[head] as number) - (rate * (gradient[head] ?? 0)) / Math.sqrt(biasSquares[head] ?? 1);
      }
      for (let k = 0; k < indices.length; k++) {
        const base = (indices[k] ?? 0) * heads;
        const value = values[k] ?? 0;
        for (let head = 0; head < heads; head++) {
          const known = gradient[head] ?? 0;
          if (known === 0) continue;
          const slope = known * value + decay * value * (model.weights[base + head] ?? 0);
          squares[base + head] = (squares[base + head] as number) + slope * slope;
          model.weights[base + head] =
            (model.weights[base + head] as number) - (rate * slope) / Math.sqrt(squares[base + head] ?? 1);
        }
      }
    }
  }
  return model;
}
