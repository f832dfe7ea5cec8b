/**
 * Word vectors from unlabelled text: positive pointwise mutual information of neighbouring tokens, factorised
 * (Levy, Goldberg, Dagan 2015, "Improving Distributional Similarity": context smoothing 0.75, eigenvalues to the
 * power 1/2), with the randomised range finder of Halko, Martinsson, Tropp (2011), algorithm 4.4.
 */
import { createRandom } from './random.ts';
import { eigenSymmetric, multiply, orthonormalise, type SparseSymmetric } from './sparse-eigen.ts';

export interface VectorOptions {
  /** Token ids of each text. */
  readonly texts: readonly Int32Array[];
  readonly vocabulary: number;
  readonly dimensions: number;
  /** Neighbours up to this distance count, with weight 1 / distance. */
  readonly window: number;
  readonly seed: number;
  readonly onProgress?: (done: number) => void;
}

const SMOOTHING = 0.75;
const OVERSAMPLING = 10;
const POWER_ITERATIONS = 3;

/** Open-addressing table from an unordered pair of ids to a weight. */
class PairTable {
  private keys: Float64Array;
  private weights: Float32Array;
  private used = 0;
  private readonly vocabulary: number;

  constructor(vocabulary: number, capacity: number) {
    this.vocabulary = vocabulary;
    this.keys = new Float64Array(capacity).fill(-1);
    this.weights = new Float32Array(capacity);
  }

  add(a: number, b: number, weight: number): void {
    if (this.used * 2 > this.keys.length) this.grow();
    this.put(a < b ? a * this.vocabulary + b : b * this.vocabulary + a, weight);
  }

  private put(key: number, weight: number): void {
    const mask = this.keys.length - 1;
    let slot = (Math.imul(key | 0, 0x9e3779b1) >>> 7) & mask;
    while (this.keys[slot] !== key && this.keys[slot] !== -1) slot = (slot + 1) & mask;
    if (this.keys[slot] === -1) {
      this.keys[slot] = key;
      this.used++;
    }
    this.weights[slot] = (this.weights[slot] ?? 0) + weight;
  }

  private grow(): void {
    const { keys, weights } = this;
    this.keys = new Float64Array(keys.length * 2).fill(-1);
    this.weights = new Float32Array(keys.length * 2);
    this.used = 0;
    for (let slot = 0; slot < keys.length; slot++) {
      const key = keys[slot] ?? -1;
      if (key !== -1) this.put(key, weights[slot] ?? 0);
    }
  }

  each(visit: (a: number, b: number, weight: number) => void): void {
    for (let slot = 0; slot < this.keys.length; slot++) {
      const key = this.keys[slot] ?? -1;
      if (key === -1) continue;
      visit(Math.floor(key / this.vocabulary), key % this.vocabulary, this.weights[slot] ?? 0);
    }
  }
}

function countPairs(options: VectorOptions): PairTable {
  const pairs = new PairTable(options.vocabulary, 1 << 16);
  for (const ids of options.texts) {
    for (let at = 0; at < ids.length; at++) {
      for (let distance = 1; distance <= options.window && at + distance < ids.length; distance++) {
        pairs.add(ids[at] ?? 0, ids[at + distance] ?? 0, 1 / distance);
      }
    }
  }
  return pairs;
}

function positivePmi(pairs: PairTable, vocabulary: number): SparseSymmetric {
  const mass = new Float64Array(vocabulary);
  pairs.each((a, b, weight) => {
    mass[a] = (mass[a] ?? 0) + weight;
    mass[b] = (mass[b] ?? 0) + weight;
  });
  const smooth = mass.map((value) => value ** SMOOTHING);
  const total = smooth.reduce((sum, value) => sum + value, 0);
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  pairs.each((a, b, weight) => {
    const doubled = a === b ? 2 * weight : weight;
    const forward = Math.log((doubled * total) / ((mass[a] ?? 0) * (smooth[b] ?? 0)));
    const backward = Math.log((doubled * total) / ((mass[b] ?? 0) * (smooth[a] ?? 0)));
    const value = (forward + backward) / 2;
    if (value <= 0) return;
    rows.push(a);
    columns.push(b);
    values.push(value);
  });
  return {
    size: vocabulary,
    rows: Int32Array.from(rows),
    columns: Int32Array.from(columns),
    values: Float32Array.from(values),
  };
}

/** Unit vectors, row by row, [vocabulary * dimensions]; tokens never seen have zeros. */
export function trainVectors(options: VectorOptions): Float32Array {
  const { vocabulary, dimensions, seed } = options;
  const matrix = positivePmi(countPairs(options), vocabulary);
  options.onProgress?.(0.3);
  const width = dimensions + OVERSAMPLING;
  const random = createRandom(seed);
  let basis = Float64Array.from({ length: vocabulary * width }, () => random.normal());
  for (let round = 0; round <= POWER_ITERATIONS; round++) {
    basis = orthonormalise(multiply(matrix, basis, width), width);
    options.onProgress?.(0.3 + (0.6 * (round + 1)) / (POWER_ITERATIONS + 1));
  }
  const image = multiply(matrix, basis, width);
  const small = new Float64Array(width * width);
  for (let row = 0; row < vocabulary; row++) {
    for (let i = 0; i < width; i++) {
      const left = basis[row * width + i] ?? 0;
      if (left === 0) continue;
      for (let j = 0; j < width; j++)
        small[i * width + j] = (small[i * width + j] as number) + left * (image[row * width + j] ?? 0);
    }
  }
  const { values, vectors } = eigenSymmetric(small, width);
  const order = [...values.keys()].sort((a, b) => Math.abs(values[b] ?? 0) - Math.abs(values[a] ?? 0));
  const result = new Float32Array(vocabulary * dimensions);
  for (let row = 0; row < vocabulary; row++) {
    let norm = 0;
    for (let k = 0; k < dimensions; k++) {
      const column = order[k] ?? 0;
      let sum = 0;
      for (let i = 0; i < width; i++)
        sum += (basis[row * width + i] ?? 0) * (vectors[i * width + column] ?? 0);
      sum *= Math.sqrt(Math.abs(values[column] ?? 0));
      result[row * dimensions + k] = sum;
      norm += sum * sum;
    }
    if (norm < 1e-12) continue;
    for (let k = 0; k < dimensions; k++)
      result[row * dimensions + k] = (result[row * dimensions + k] as number) / Math.sqrt(norm);
  }
  return result;
}
