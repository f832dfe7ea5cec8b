/**
 * Gradient-boosted trees for one yes / no head with known, unknown (weight 0) and soft targets: second-order
 * logistic boosting on histograms, grown leaf by leaf (Chen and Guestrin 2016; Ke et al. 2017), with a random
 * share of rows and columns for each tree.
 */
import { createRandom, permutation } from './random.ts';
import { growTree, type Tree } from './tree.ts';

/** Column-major bins, and the upper bound of each bin in the feature's own unit. */
export interface Binned {
  readonly rows: number;
  readonly bins: readonly Uint8Array[];
  readonly bounds: readonly Float32Array[];
}

export interface BoostOptions {
  readonly trees: number;
  readonly rate: number;
  readonly leaves: number;
  readonly leastHessian: number;
  readonly l2: number;
  readonly rowShare: number;
  /** Rows that one tree sees at most, so that time grows slowly with the data. */
  readonly rowLimit: number;
  readonly columnShare: number;
  readonly seed: number;
  readonly onTree?: (done: number) => void;
}

export interface Boosted {
  /** Log odds before the first tree. */
  readonly base: number;
  readonly trees: readonly Tree[];
}

export const MAX_BINS = 64;

/** Quantile bins of a row-major matrix [rows * columns]. */
export function binColumns(matrix: Float32Array, rows: number, columns: number): Binned {
  const bins: Uint8Array[] = [];
  const bounds: Float32Array[] = [];
  for (let column = 0; column < columns; column++) {
    const values = Float32Array.from({ length: rows }, (_, row) => matrix[row * columns + column] ?? 0);
    const sorted = Float32Array.from(values).sort();
    const cuts: number[] = [];
    for (let cut = 1; cut < MAX_BINS; cut++) {
      const at = Math.floor((cut * rows) / MAX_BINS);
      const low = sorted[Math.max(0, at - 1)] ?? 0;
      const next = sorted.subarray(at).find((value) => value > low) ?? low;
      const middle = Math.fround((low + next) / 2);
      if (next > low && middle < next && middle > (cuts.at(-1) ?? Number.NEGATIVE_INFINITY))
        cuts.push(middle);
    }
    const bound = Float32Array.from(cuts);
    bounds.push(bound);
    bins.push(Uint8Array.from(values, (value) => binOf(value, bound)));
  }
  return { rows, bins, bounds };
}

/** Index of the first bound that is not below `value`. */
export function binOf(value: number, bounds: Float32Array): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= (bounds[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Trains on `rows` of the binned matrix. `targets` in 0 to 1, `weights` 0 where unknown. Given log odds by row to start
 * from, the trees say what is to be added to them.
 */
export function boost(
  data: Binned,
  labels: { readonly targets: Float32Array; readonly weights: Float32Array; readonly rows: Int32Array },
  options: BoostOptions,
  start?: Float64Array,
): Boosted {
  const known = labels.rows.filter((row) => (labels.weights[row] ?? 0) > 0);
  const random = createRandom(options.seed);
  let positive = 1;
  let total = 2;
  for (const row of known) {
    positive += (labels.weights[row] ?? 0) * (labels.targets[row] ?? 0);
    total += labels.weights[row] ?? 0;
  }
  const base = start ? 0 : Math.log(positive / (total - positive));
  const scores = start ? Float64Array.from(start) : new Float64Array(data.rows).fill(base);
  const gradients = new Float64Array(data.rows);
  const hessians = new Float64Array(data.rows);
  const trees: Tree[] = [];
  const share = Math.min(options.rowShare, options.rowLimit / known.length);
  const columns = Math.max(1, Math.round(data.bins.length * options.columnShare));
  for (let index = 0; index < options.trees; index++) {
    for (const row of known) {
      const probability = 1 / (1 + Math.exp(-(scores[row] ?? 0)));
      const weight = labels.weights[row] ?? 0;
      gradients[row] = weight * (probability - (labels.targets[row] ?? 0));
      hessians[row] = weight * Math.max(probability * (1 - probability), 1e-6);
    }
    const sample = known.filter(() => random.next() < share);
    const features = permutation(data.bins.length, random).slice(0, columns).sort();
    const tree = growTree(data, { gradients, hessians, rows: sample, features }, options);
    trees.push(tree);
    for (const row of known) scores[row] = (scores[row] as number) + leafOfRow(tree, data, row);
    options.onTree?.(index + 1);
  }
  return { base, trees };
}

function leafOfRow(tree: Tree, data: Binned, row: number): number {
  let node = tree[0];
  while (node && node.feature >= 0) {
    node = tree[(data.bins[node.feature]?.[row] ?? 0) <= node.bin ? node.left : node.right];
  }
  return node?.value ?? 0;
}

/** Log odds of one row of the binned matrix. */
export function boostedScore(model: Boosted, data: Binned, row: number): number {
  return model.trees.reduce((sum, tree) => sum + leafOfRow(tree, data, row), model.base);
}
