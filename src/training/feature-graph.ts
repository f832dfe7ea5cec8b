/**
 * The part of the graph from token ids to features. The trainer runs the very same nodes to get its training
 * matrix, so a feature means in training what it means in serving.
 */
import { HISTORY_TOKEN, RESERVED_TOKENS } from '../routing/features.ts';
import { FACTORS, PHRASE_SLOTS, pairBucket, tripleBucket } from './hashing.ts';
import type { OnnxGraph } from './onnx-graph.ts';
import { COLUMNS, LEXICAL, PHRASE_COLUMNS, RATINGS, SURFACE, type TokenTable } from './token-table.ts';

/** Tokens at the head and at the tail of what is asked that are also pooled by themselves. */
const WINDOW = 24;
const POOLED = COLUMNS + PHRASE_COLUMNS;
const RATED = RATINGS + PHRASE_COLUMNS;
/** Reserved tokens stand behind pad, unknown and start, in the order of RESERVED_TOKENS. */
const FIRST_RESERVED = 3;

/** Features of the bag: means in four segments, surface totals, three maxima, three lengths. */
export const BAG_FEATURES = 4 * POOLED + SURFACE + 3 * RATED + 3;

export interface GraphParts {
  /** Float [batch, tokens]: 1 where something is asked. */
  readonly ask: string;
  /** int64 [batch, tokens]: the token behind each. */
  readonly next: string;
  /** Float [batch, BAG_FEATURES]. */
  readonly bag: string;
}

function phraseTables(
  graph: OnnxGraph,
  table: TokenTable,
): { pair: string; triple: string; ratings: string } {
  const pairs = new Int16Array(PHRASE_SLOTS);
  const triples = new Int16Array(PHRASE_SLOTS);
  const ratings: number[] = new Array(PHRASE_COLUMNS).fill(0);
  for (const [index, phrase] of table.phrases.entries()) {
    const [a = 0, b = 0, c] = phrase.ids;
    if (c === undefined) pairs[pairBucket(a, b, PHRASE_SLOTS)] = index + 1;
    else triples[tripleBucket(a, b, c, PHRASE_SLOTS)] = index + 1;
    ratings.push(...phrase.ratings, 1);
  }
  return {
    pair: graph.shorts('pair_slots', [PHRASE_SLOTS], pairs),
    triple: graph.shorts('triple_slots', [PHRASE_SLOTS], triples),
    ratings: graph.halves('phrase_ratings', [table.phrases.length + 1, PHRASE_COLUMNS], ratings),
  };
}

/** Adds the nodes that read `input_ids` and `attention_mask`. */
export function addFeatures(graph: OnnxGraph, table: TokenTable): GraphParts {
  const ids = 'input_ids';
  const axis1 = graph.longs('axis', [1]);
  const axis2 = graph.longs('axis', [2]);
  const mask = graph.cast('attention_mask', 'float');
  const history = graph.long(FIRST_RESERVED + RESERVED_TOKENS.indexOf(HISTORY_TOKEN));
  const marks = graph.cast(graph.node('Equal', [ids, history]), 'float');
  const axis = graph.long(1);
  const zero = graph.floats('zero', [], [0]);
  const past = graph.cast(graph.node('Greater', [graph.node('CumSum', [marks, axis]), zero]), 'float');
  const pastMask = graph.node('Mul', [mask, past]);
  const ask = graph.node('Sub', [mask, pastMask]);
  const count = graph.node('ReduceSum', [ask, axis1], { keepdims: 1 });
  const position = graph.node('CumSum', [ask, axis]);
  const window = graph.floats('window', [], [WINDOW]);
  const within = (test: string): string => graph.node('Mul', [ask, graph.cast(test, 'float')]);
  const head = within(graph.node('LessOrEqual', [position, window]));
  const tail = within(graph.node('Greater', [position, graph.node('Sub', [count, window])]));

  const next = following(graph, ids, 1);
  const phrases = addPhrases(graph, table, next);
  const tokenRows = graph.halves('token_table', [table.vocabulary, COLUMNS], table.values);
  const tokens = graph.cast(graph.node('Gather', [tokenRows, ids]), 'float');
  const all = graph.node('Concat', [phrases, tokens], { axis: 2 });

  const masks = [ask, head, tail, pastMask].map((segment) => graph.node('Unsqueeze', [segment, axis1]));
  const segments = graph.node('Concat', masks, { axis: 1 });
  const sums = graph.node('MatMul', [segments, all]);
  const counts = graph.node('ReduceSum', [segments, axis2], { keepdims: 1 });
  const one = graph.floats('one', [], [1]);
  const means = graph.node('Div', [sums, graph.node('Max', [counts, one])]);
  const flat = graph.node('Flatten', [means], { axis: 1 });

  const from = PHRASE_COLUMNS + LEXICAL;
  const askSums = graph.node('Slice', [
    graph.node('Slice', [sums, graph.longs('at', [0]), graph.longs('to', [1]), axis1]),
    graph.longs('at', [from]),
    graph.longs('to', [from + SURFACE]),
    axis2,
  ]);
  const totals = logOf(graph, graph.node('Flatten', [askSums], { axis: 1 }), one);
  const rated = graph.node('Slice', [all, graph.longs('at', [0]), graph.longs('to', [RATED]), axis2]);
  const maxima = [ask, head, tail].map((segment) => {
    const weighted = graph.node('Mul', [rated, graph.node('Unsqueeze', [segment, axis2])]);
    return graph.node('ReduceMax', [weighted], { axes: [1], keepdims: 0 });
  });
  const pastCount = graph.node('ReduceSum', [pastMask, axis1], { keepdims: 1 });
  const lengths = [count, pastCount].map((value) => logOf(graph, value, one));
  const share = graph.node('Div', [count, graph.node('Add', [count, pastCount])]);
  const bag = graph.node('Concat', [flat, totals, ...maxima, ...lengths, share], { axis: 1 });
  return { ask, next, bag };
}

/** ln(1 + value). */
function logOf(graph: OnnxGraph, value: string, one: string): string {
  return graph.node('Log', [graph.node('Add', [value, one])]);
}

/** The id `by` places further on, 0 behind the end. */
function following(graph: OnnxGraph, ids: string, by: number): string {
  const pads = graph.longs('pads', [0, 0, 0, by]);
  const padded = graph.node('Pad', [ids, pads, graph.long(0)]);
  const end = graph.longs('end', [Number.MAX_SAFE_INTEGER]);
  return graph.node('Slice', [padded, graph.longs('at', [by]), end, graph.longs('axis', [1])]);
}

/** `(a * FACTORS[0] + b * FACTORS[1] + ...) % buckets` of aligned id tensors. */
export function addBucket(graph: OnnxGraph, ids: readonly string[], buckets: number): string {
  const products = ids.map((id, index) => graph.node('Mul', [id, graph.long(FACTORS[index] ?? 1)]));
  const sum = products.reduce((left, right) => graph.node('Add', [left, right]));
  return graph.node('Mod', [sum, graph.long(buckets)]);
}

/** Float [batch, tokens, PHRASE_COLUMNS]: the ratings of the phrase that starts at each token, else zeros. */
function addPhrases(graph: OnnxGraph, table: TokenTable, next: string): string {
  const { pair, triple, ratings } = phraseTables(graph, table);
  const third = following(graph, 'input_ids', 2);
  const found = [
    graph.node('Gather', [pair, addBucket(graph, ['input_ids', next], PHRASE_SLOTS)]),
    graph.node('Gather', [triple, addBucket(graph, ['input_ids', next, third], PHRASE_SLOTS)]),
  ];
  const rows = found.map((slot) =>
    graph.cast(graph.node('Gather', [ratings, graph.cast(slot, 'int64')]), 'float'),
  );
  return graph.node('Max', rows);
}

/** Names of the bag's features, for reports. */
export const SEGMENTS = ['ask', 'head', 'tail', 'past'] as const;
