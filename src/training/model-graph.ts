/** The whole model as one ONNX file: features, linear part, trees, calibration; logits are log-probabilities. */
import type { Boosted } from './boost.ts';
import { addFeatures } from './feature-graph.ts';
import { BIGRAM_BUCKETS } from './hashing.ts';
import type { Idf, LinearModel } from './ngrams.ts';
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
}

const INPUTS = ['input_ids', 'attention_mask'];

/** A graph with the one output `features` [batch, BAG_FEATURES]. */
export function featureModel(table: TokenTable, columns: number): Uint8Array {
  const graph = new OnnxGraph();
  graph.rename(addFeatures(graph, table).bag, 'features');
  return graph.encode('features', INPUTS, { features: columns });
}

/** Rows [weights * idf per head, idf squared] of tokens or buckets. */
function weightRows(model: LinearModel, idf: Idf, from: number, count: number): Float32Array {
  const width = model.heads + 1;
  const rows = new Float32Array(count * width);
  for (let index = 0; index < count; index++) {
    const scale = idf[from + index] ?? 0;
    for (let head = 0; head < model.heads; head++) {
      rows[index * width + head] = scale * (model.weights[(from + index) * model.heads + head] ?? 0);
    }
    rows[index * width + model.heads] = scale * scale;
  }
  return rows;
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

/** Two log odds [batch, 2] to log-probabilities of the three tiers [batch, 3]; the heads are kept in order. */
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
  return graph.node('Log', [graph.node('Div', [lifted, total])]);
}

/** The model file: `input_ids`, `attention_mask` -> `logits` [batch, 3], in the order of the tiers. */
export function encodeModel(parts: ModelParts): Uint8Array {
  const graph = new OnnxGraph();
  const { table, linear: model, idf } = parts;
  const { bag, linear: sums = '' } = addFeatures(graph, table, {
    width: model.heads + 1,
    words: weightRows(model, idf, 0, table.vocabulary),
    pairs: weightRows(model, idf, table.vocabulary, BIGRAM_BUCKETS),
  });
  const linear = addLinear(graph, model, sums);
  const trees = addTrees(graph, parts.boosted, graph.node('Concat', [bag, linear], { axis: 1 }));
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
  const odds = graph.node('Add', [graph.node('Mul', [mixed, slopes]), offsets]);
  graph.rename(addTiers(graph, odds), 'logits');
  return graph.encode('router', INPUTS, { logits: 3 });
}
