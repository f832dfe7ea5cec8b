/** The whole model as one ONNX file: features, linear part, trees, calibration; logits are log-probabilities. */
import type { Boosted } from './boost.ts';
import { addFeatures, type LinearTables } from './feature-graph.ts';
import { BIGRAM_BUCKETS } from './hashing.ts';
import type { LocalPart } from './local-part.ts';
import { type Idf, type LinearModel, layoutOf } from './ngrams.ts';
import { OnnxGraph } from './onnx-graph.ts';
import type { TokenTable } from './token-table.ts';

/** Log odds of a head become `slope * score + offset`. */
export interface Platt {
  readonly slope: number;
  readonly offset: number;
}

export interface ModelParts {
  readonly table: TokenTable;
  readonly linear: LinearModel;
  readonly idf: Idf;
  /** One per lower tier: is `simple` enough, is `moderate` enough. */
  readonly boosted: readonly [Boosted, Boosted];
  /** Share of the trees in the score of a head; the rest is the linear part's. */
  readonly treeShare: number;
  readonly platt: readonly [Platt, Platt];
  /** Speaks for requests like those with feedback; the linear part then has one head more. */
  readonly local?: LocalPart;
}

const INPUTS = ['input_ids', 'attention_mask'];

/** A graph with the one output `features` [batch, BAG_FEATURES]. */
export function featureModel(table: TokenTable, columns: number): Uint8Array {
  const graph = new OnnxGraph();
  graph.rename(addFeatures(graph, table).bag, 'features');
  return graph.encode('features', INPUTS, { features: columns });
}

/** Adds to `rows` what the features from `from` on bring: weights * idf per head, then idf squared. */
function addWeights(
  rows: Float32Array,
  { linear, idf }: Pick<ModelParts, 'linear' | 'idf'>,
  featureOf: (row: number) => number,
): Float32Array {
  const { heads, weights } = linear;
  const width = heads + 1;
  for (let row = 0; row * width < rows.length; row++) {
    const feature = featureOf(row);
    if (feature < 0) continue;
    const scale = idf[feature] ?? 0;
    for (let head = 0; head < heads; head++) {
      rows[row * width + head] =
        (rows[row * width + head] ?? 0) + scale * (weights[feature * heads + head] ?? 0);
    }
    rows[row * width + heads] = (rows[row * width + heads] ?? 0) + scale * scale;
  }
  return rows;
}

/** The linear part as tables by token and by bucket; what tokens share is added to each of them. */
function linearTables(parts: ModelParts): LinearTables {
  const { shapes } = parts.table;
  const layout = layoutOf(shapes);
  const width = parts.linear.heads + 1;
  const empty = (count: number): Float32Array => new Float32Array(count * width);
  const behind = (start: number, group: number): number => (group < 0 ? -1 : start + group);
  const words = addWeights(empty(shapes.vocabulary), parts, (id) => id);
  addWeights(words, parts, (id) => behind(layout.prefixes, shapes.prefixOf[id] ?? -1));
  addWeights(words, parts, (id) => behind(layout.suffixes, shapes.suffixOf[id] ?? -1));
  const first = addWeights(empty(shapes.vocabulary), parts, (id) => layout.first + id);
  const past = addWeights(empty(shapes.vocabulary), parts, (id) => layout.past + id);
  const pairs = addWeights(empty(BIGRAM_BUCKETS), parts, (bucket) => layout.pairs + bucket);
  return { width, words: [words, first, past], pairs };
}

/** Scores of the linear heads [batch, heads] from the sums [batch, heads + 1] of weights and squares. */
function addLinear(graph: OnnxGraph, { bias, heads }: LinearModel, sums: string): string {
  const [start, end] = [graph.longs('at', [heads]), graph.longs('to', [heads + 1])];
  const axis = graph.longs('axis', [1]);
  const totals = graph.node('Slice', [sums, graph.longs('at', [0]), start, axis]);
  const squares = graph.node('Slice', [sums, start, end, axis]);
  const norm = graph.node('Sqrt', [graph.node('Add', [squares, graph.floats('tiny', [], [1e-6])])]);
  return graph.node('Add', [graph.node('Div', [totals, norm]), graph.floats('linear_bias', [heads], bias)]);
}

function addTrees(graph: OnnxGraph, boosted: readonly Boosted[], features: string): string {
  const nodes = {
    trees: [] as number[],
    ids: [] as number[],
    features: [] as number[],
    values: [] as number[],
  };
  const modes: string[] = [];
  const left: number[] = [];
  const right: number[] = [];
  const leaves = {
    trees: [] as number[],
    nodes: [] as number[],
    targets: [] as number[],
    weights: [] as number[],
  };
  let treeId = 0;
  for (const [target, model] of boosted.entries()) {
    for (const tree of model.trees) {
      for (const [id, node] of tree.entries()) {
        nodes.trees.push(treeId);
        nodes.ids.push(id);
        nodes.features.push(Math.max(0, node.feature));
        nodes.values.push(node.threshold);
        modes.push(node.feature < 0 ? 'LEAF' : 'BRANCH_LEQ');
        left.push(node.left);
        right.push(node.right);
        if (node.feature >= 0) continue;
        leaves.trees.push(treeId);
        leaves.nodes.push(id);
        leaves.targets.push(target);
        leaves.weights.push(node.value);
      }
      treeId++;
    }
  }
  const attributes = {
    n_targets: boosted.length,
    aggregate_function: 'SUM',
    base_values: { floats: boosted.map(({ base }) => base) },
    nodes_treeids: nodes.trees,
    nodes_nodeids: nodes.ids,
    nodes_featureids: nodes.features,
    nodes_values: { floats: nodes.values },
    nodes_modes: modes,
    nodes_truenodeids: left,
    nodes_falsenodeids: right,
    target_treeids: leaves.trees,
    target_nodeids: leaves.nodes,
    target_ids: leaves.targets,
    target_weights: { floats: leaves.weights },
  };
  return graph.node('TreeEnsembleRegressor', [features], attributes, 'ai.onnx.ml');
}

interface BaseNodes {
  /** [batch, features]: what the trees read. */
  readonly features: string;
  /** [batch, heads]: the scores of the linear part. */
  readonly linear: string;
  /** [batch, 2]: the base model's scores, and their calibrated log odds. */
  readonly mixed: string;
  readonly calibrated: string;
}

/** Log odds [batch, 2]: the base model's, moved towards the local part's as far as a request is like its rows. */
function addLocal(graph: OnnxGraph, { likeness, heads }: LocalPart, base: BaseNodes): string {
  const straight = (part: 'slope' | 'offset'): number[] => heads.map((head) => head?.start[part] ?? 0);
  const none: Boosted = { base: 0, trees: [] };
  const boosted = heads.map((head) => head?.trees ?? none);
  const start = graph.node('Mul', [base.mixed, graph.floats('local_slopes', [2], straight('slope'))]);
  const moved = graph.node('Add', [start, graph.floats('local_offsets', [2], straight('offset'))]);
  const own = graph.node('Add', [moved, addTrees(graph, boosted, base.features)]);
  const last = graph.node('Slice', [
    base.linear,
    graph.longs('at', [-1]),
    graph.longs('to', [Number.MAX_SAFE_INTEGER]),
    graph.longs('axis', [1]),
  ]);
  const scaled = graph.node('Mul', [last, graph.floats('likeness_slope', [], [likeness.slope])]);
  const alike = graph.node('Add', [scaled, graph.floats('likeness_offset', [], [likeness.offset])]);
  const spoken = graph.floats(
    'local_heads',
    [2],
    heads.map((head) => (head ? 1 : 0)),
  );
  const share = graph.node('Mul', [graph.node('Sigmoid', [alike]), spoken]);
  const difference = graph.node('Sub', [own, base.calibrated]);
  return graph.node('Add', [base.calibrated, graph.node('Mul', [share, difference])]);
}

/**
 * Two log odds [batch, 2] to log-probabilities of the three tiers [batch, 3]; the heads are kept in order. The
 * logarithm is a reduction over one number, which the runtime computes one by one: vectorised, its last bits would
 * depend on the place in the batch.
 */
function addTiers(graph: OnnxGraph, odds: string): string {
  const enough = graph.node('Sigmoid', [odds]);
  const axis = graph.longs('axis', [1]);
  const [zero = '', one = '', two = ''] = [0, 1, 2].map((at) => graph.longs('at', [at]));
  const simple = graph.node('Slice', [enough, zero, one, axis]);
  const moderate = graph.node('Max', [simple, graph.node('Slice', [enough, one, two, axis])]);
  const certain = graph.floats('certain', [], [1]);
  const tiers = [simple, graph.node('Sub', [moderate, simple]), graph.node('Sub', [certain, moderate])];
  const least = graph.floats('least', [], [1e-4]);
  const lifted = graph.node('Max', [graph.node('Concat', tiers, { axis: 1 }), least]);
  const total = graph.node('ReduceSum', [lifted, axis], { keepdims: 1 });
  const shares = graph.node('Unsqueeze', [graph.node('Div', [lifted, total]), graph.longs('axis', [2])]);
  return graph.node('ReduceLogSum', [shares], { axes: [2], keepdims: 0 });
}

/** The model file: `input_ids`, `attention_mask` -> `logits` [batch, 3], in the order of the tiers. */
export function encodeModel(parts: ModelParts): Uint8Array {
  const graph = new OnnxGraph();
  const { bag, linear: sums = '' } = addFeatures(graph, parts.table, linearTables(parts));
  const linear = addLinear(graph, parts.linear, sums);
  const features = graph.node('Concat', [bag, linear], { axis: 1 });
  const trees = addTrees(graph, parts.boosted, features);
  const two = graph.longs('at', [2]);
  const linearHeads = graph.node('Slice', [linear, graph.longs('at', [0]), two, graph.longs('axis', [1])]);
  const share = graph.floats('tree_share', [], [parts.treeShare]);
  const rest = graph.floats('linear_share', [], [1 - parts.treeShare]);
  const mixed = graph.node('Add', [
    graph.node('Mul', [trees, share]),
    graph.node('Mul', [linearHeads, rest]),
  ]);
  const slopes = graph.floats(
    'slopes',
    [2],
    parts.platt.map(({ slope }) => slope),
  );
  const offsets = graph.floats(
    'offsets',
    [2],
    parts.platt.map(({ offset }) => offset),
  );
  const calibrated = graph.node('Add', [graph.node('Mul', [mixed, slopes]), offsets]);
  const odds = parts.local
    ? addLocal(graph, parts.local, { features, linear, mixed, calibrated })
    : calibrated;
  graph.rename(addTiers(graph, odds), 'logits');
  return graph.encode('router', INPUTS, { logits: 3 });
}
