/** One regression tree on histograms, grown at the leaf with the largest gain. */
import type { Binned, BoostOptions } from './boost.ts';

const MAX_BINS = 64;

export interface TreeNode {
  /** -1 in a leaf. */
  readonly feature: number;
  /** Rows whose bin is at most this go left. */
  readonly bin: number;
  /** The same in the feature's own unit. */
  readonly threshold: number;
  readonly left: number;
  readonly right: number;
  /** Added to the score in a leaf. */
  readonly value: number;
}

/** Root first. */
export type Tree = readonly TreeNode[];

export interface Statistics {
  readonly gradients: Float64Array;
  readonly hessians: Float64Array;
  readonly rows: Int32Array;
  readonly features: Int32Array;
}

interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
}

interface Leaf {
  readonly node: number;
  readonly rows: Int32Array;
  /** [features, bins, 2] */
  readonly histogram: Float64Array;
  readonly gradient: number;
  readonly hessian: number;
  readonly split: Split;
}

function histogramOf(data: Binned, statistics: Statistics, rows: Int32Array): Float64Array {
  const { features } = statistics;
  const gradients = Float64Array.from(rows, (row) => statistics.gradients[row] ?? 0);
  const hessians = Float64Array.from(rows, (row) => statistics.hessians[row] ?? 0);
  const histogram = new Float64Array(features.length * MAX_BINS * 2);
  for (let index = 0; index < features.length; index++) {
    const bins = data.bins[features[index] ?? 0];
    if (bins) addColumn(histogram, index * MAX_BINS * 2, { bins, rows, gradients, hessians });
  }
  return histogram;
}

/** The innermost loop of training. All indices are in range by construction. */
function addColumn(
  histogram: Float64Array,
  base: number,
  from: { bins: Uint8Array; rows: Int32Array; gradients: Float64Array; hessians: Float64Array },
): void {
  const { bins, rows, gradients, hessians } = from;
  for (let k = 0; k < rows.length; k++) {
    const slot = base + (bins[rows[k] as number] as number) * 2;
    histogram[slot] = (histogram[slot] as number) + (gradients[k] as number);
    histogram[slot + 1] = (histogram[slot + 1] as number) + (hessians[k] as number);
  }
}

function bestSplit(
  leaf: Omit<Leaf, 'split'>,
  data: Binned,
  features: Int32Array,
  options: Pick<BoostOptions, 'l2' | 'leastHessian'>,
): Split {
  const { l2, leastHessian } = options;
  const parent = leaf.gradient ** 2 / (leaf.hessian + l2);
  let best: Split = { gain: 1e-6, feature: -1, bin: 0 };
  for (let index = 0; index < features.length; index++) {
    const feature = features[index] ?? 0;
    const bins = data.bounds[feature]?.length ?? 0;
    let gradient = 0;
    let hessian = 0;
    for (let bin = 0; bin < bins; bin++) {
      const slot = (index * MAX_BINS + bin) * 2;
      gradient += leaf.histogram[slot] ?? 0;
      hessian += leaf.histogram[slot + 1] ?? 0;
      const rest = leaf.hessian - hessian;
      if (hessian < leastHessian) continue;
      if (rest < leastHessian) break;
      const gain = gradient ** 2 / (hessian + l2) + (leaf.gradient - gradient) ** 2 / (rest + l2) - parent;
      if (gain > best.gain) best = { gain, feature, bin };
    }
  }
  return best;
}

/** Grows one tree on the sampled rows and features; leaf values are already multiplied by the rate. */
export function growTree(data: Binned, statistics: Statistics, options: BoostOptions): Tree {
  const { gradients, hessians, features } = statistics;
  const nodes: TreeNode[] = [];
  const leafNode = (gradient: number, hessian: number): TreeNode => ({
    feature: -1,
    bin: 0,
    threshold: 0,
    left: 0,
    right: 0,
    value: (-gradient / (hessian + options.l2)) * options.rate,
  });
  const open = (rows: Int32Array, histogram: Float64Array): Leaf => {
    let gradient = 0;
    let hessian = 0;
    for (const row of rows) {
      gradient += gradients[row] ?? 0;
      hessian += hessians[row] ?? 0;
    }
    const leaf = { node: nodes.length, rows, histogram, gradient, hessian };
    nodes.push(leafNode(gradient, hessian));
    return { ...leaf, split: bestSplit(leaf, data, features, options) };
  };
  const leaves = [open(statistics.rows, histogramOf(data, statistics, statistics.rows))];
  while (leaves.length < options.leaves) {
    const at = leaves.reduce(
      (best, leaf, index) => (leaf.split.gain > (leaves[best]?.split.gain ?? 0) ? index : best),
      0,
    );
    const leaf = leaves[at];
    const bins = leaf && data.bins[leaf.split.feature];
    if (!leaf || !bins || leaf.split.feature < 0) break;
    const { feature, bin } = leaf.split;
    const low = leaf.rows.filter((row) => (bins[row] ?? 0) <= bin);
    const high = leaf.rows.filter((row) => (bins[row] ?? 0) > bin);
    const small = histogramOf(data, statistics, low.length < high.length ? low : high);
    const large = leaf.histogram.map((value, index) => value - (small[index] ?? 0));
    const left = open(low, low.length < high.length ? small : large);
    const right = open(high, low.length < high.length ? large : small);
    const threshold = data.bounds[feature]?.[bin] ?? 0;
    nodes[leaf.node] = { feature, bin, threshold, left: left.node, right: right.node, value: 0 };
    leaves.splice(at, 1, left, right);
  }
  return nodes;
}
