/**
 * The part of the graph from token ids to features. The trainer runs the very same nodes to get its training
 * matrix, so a feature means in training what it means in serving.
 */
import { HISTORY_TOKEN, RESERVED_TOKENS } from '../routing/features.ts';
import { BIGRAM_BUCKETS, FACTORS, PHRASE_SLOTS, pairBucket, tripleBucket } from './hashing.ts';
import { FIRST_TOKENS } from './ngrams.ts';
import type { OnnxGraph } from './onnx-graph.ts';
import { COLUMNS, LEXICAL, PHRASE_COLUMNS, RATINGS, SURFACE, type TokenTable } from './token-table.ts';

/** Tokens at the head and at the tail of what is asked that are also pooled by themselves. */
const WINDOW = 24;
const POOLED = COLUMNS + PHRASE_COLUMNS;
const RATED = RATINGS + PHRASE_COLUMNS;
/** Reserved tokens stand behind pad, unknown and start, in the order of RESERVED_TOKENS. */
const FIRST_RESERVED = 3;

/** Features of the bag: means in four segments, surface totals, two lengths, three maxima, a share. */
export const BAG_FEATURES = 4 * POOLED + SURFACE + 3 * RATED + 3;

/** Weights that the linear part sums over what is asked, its first tokens and the past. */
export interface LinearTables {
  /** Columns of each table. */
  readonly width: number;
  /** [vocabulary * width] each: of distinct tokens, of the first tokens, of distinct tokens of the past. */
  readonly words: readonly [Float32Array, Float32Array, Float32Array];
  /** [BIGRAM_BUCKETS * width] of distinct pairs. */
  readonly pairs: Float32Array;
}

export interface GraphParts {
  /** Float [batch, BAG_FEATURES]. */
  readonly bag: string;
  /** Float [batch, width]: sums over the linear tables; absent without them. */
  readonly linear?: string;
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
export function addFeatures(graph: OnnxGraph, table: TokenTable, weights?: LinearTables): GraphParts {
  const axis1 = graph.longs('axis', [1]);
  const axis2 = graph.longs('axis', [2]);
  const one = graph.floats('one', [], [1]);
  const { masks, count, past, position } = addSegments(graph);
  const tokens = graph.cast(graph.node('Gather', [graph.ints('meant', table.meant), 'input_ids']), 'int64');
  const ids = addKeys(graph, tokens);

  const width = weights?.width ?? 0;
  const rows = weights ? beside(table, weights) : table.values;
  const tokenRows = graph.halves('token_table', [table.vocabulary, COLUMNS + 3 * width], rows);
  const known = [
    addPhrases(graph, table, ids),
    graph.cast(graph.node('Gather', [tokenRows, tokens]), 'float'),
  ];
  if (weights) {
    const pairRows = graph.halves('pair_table', [BIGRAM_BUCKETS, width], weights.pairs);
    const bucket = graph.node('Mod', [ids.pair, graph.long(BIGRAM_BUCKETS)]);
    known.push(graph.cast(graph.node('Gather', [pairRows, bucket]), 'float'));
    const [ask = '', , , pastMask = ''] = masks;
    const begin = graph.node('LessOrEqual', [position, graph.floats('first', [], [FIRST_TOKENS])]);
    const first = graph.node('Mul', [ask, graph.cast(begin, 'float')]);
    masks.push(...addDistinct(graph, tokens, [ask, pastMask]), first, ...addDistinct(graph, bucket, [ask]));
  }
  const all = graph.node('Concat', known, { axis: 2 });
  const stacked = masks.map((segment) => graph.node('Unsqueeze', [segment, axis1]));
  const segments = graph.node('Concat', stacked, { axis: 1 });
  const sums = graph.node('MatMul', [segments, all]);

  const pooled = slice(graph, sums, [0, 0], [4, POOLED]);
  const counts = graph.node('ReduceSum', [slice(graph, segments, [0], [4]), axis2], { keepdims: 1 });
  const means = graph.node('Flatten', [graph.node('Div', [pooled, graph.node('Max', [counts, one])])], {
    axis: 1,
  });
  const from = PHRASE_COLUMNS + LEXICAL;
  const surface = graph.node('Flatten', [slice(graph, pooled, [0, from], [1, from + SURFACE])], { axis: 1 });
  const totals = graph.node('Concat', [surface, count, past], { axis: 1 });
  const rated = graph.node('Slice', [all, graph.longs('at', [0]), graph.longs('to', [RATED]), axis2]);
  const weighted = graph.node('Mul', [
    graph.node('Unsqueeze', [slice(graph, segments, [0], [3]), graph.longs('axis', [3])]),
    graph.node('Unsqueeze', [rated, axis1]),
  ]);
  const maxima = graph.node('Flatten', [graph.node('ReduceMax', [weighted], { axes: [2], keepdims: 0 })], {
    axis: 1,
  });
  const share = graph.node('Div', [count, graph.node('Add', [count, past])]);
  const bag = graph.node('Concat', [means, totals, maxima, share], { axis: 1 });
  if (!weights) return { bag };
  const part = (mask: number, column: number): string =>
    slice(graph, sums, [mask, POOLED + column * width], [mask + 1, POOLED + (column + 1) * width]);
  const parts = [part(4, 0), part(6, 1), part(5, 2), part(7, 3)];
  const linear = parts.reduce((left, right) => graph.node('Add', [left, right]));
  return { bag, linear: graph.node('Flatten', [linear], { axis: 1 }) };
}

/** The token table with the word weights as further columns. */
function beside(table: TokenTable, { width, words }: LinearTables): Float32Array {
  const columns = COLUMNS + words.length * width;
  const rows = new Float32Array(table.vocabulary * columns);
  for (let id = 0; id < table.vocabulary; id++) {
    rows.set(table.values.subarray(id * COLUMNS, (id + 1) * COLUMNS), id * columns);
    for (const [kind, weights] of words.entries()) {
      rows.set(weights.subarray(id * width, (id + 1) * width), id * columns + COLUMNS + kind * width);
    }
  }
  return rows;
}

/** Part of a tensor, from the second axis on. */
function slice(graph: OnnxGraph, input: string, from: readonly number[], to: readonly number[]): string {
  const axes = graph.longs(
    'axes',
    from.map((_, index) => index + 1),
  );
  return graph.node('Slice', [input, graph.longs('at', from), graph.longs('to', to), axes]);
}

/** Masks [batch, tokens] of what is asked, its head, its tail and the past, and the lengths of the first and last. */
function addSegments(graph: OnnxGraph): { masks: string[]; count: string; past: string; position: string } {
  const axis = graph.long(1);
  const sumAxis = graph.longs('axis', [1]);
  const mask = graph.cast('attention_mask', 'float');
  const history = graph.long(FIRST_RESERVED + RESERVED_TOKENS.indexOf(HISTORY_TOKEN));
  const marks = graph.cast(graph.node('Equal', ['input_ids', history]), 'float');
  const one = graph.floats('one', [], [1]);
  const behind = graph.node('Min', [graph.node('CumSum', [marks, axis]), one]);
  const pastMask = graph.node('Mul', [mask, behind]);
  const ask = graph.node('Sub', [mask, pastMask]);
  const count = graph.node('ReduceSum', [ask, sumAxis], { keepdims: 1 });
  const position = graph.node('CumSum', [ask, axis]);
  const window = graph.floats('window', [], [WINDOW]);
  const within = (test: string): string => graph.node('Mul', [ask, graph.cast(test, 'float')]);
  const head = within(graph.node('LessOrEqual', [position, window]));
  const tail = within(graph.node('Greater', [position, graph.node('Sub', [count, window])]));
  const past = graph.node('ReduceSum', [pastMask, sumAxis], { keepdims: 1 });
  return { masks: [ask, head, tail, pastMask], count, past, position };
}

interface Keys {
  /** int64 [batch, tokens]: one number for each pair of neighbours, before it is folded into buckets. */
  readonly pair: string;
  readonly triple: string;
}

/** Behind the end stands token 0. */
function addKeys(graph: OnnxGraph, tokens: string): Keys {
  const padded = graph.node('Pad', [tokens, graph.longs('pads', [0, 0, 0, 2]), graph.long(0)]);
  const following = (by: number): string =>
    graph.node('Slice', [
      padded,
      graph.longs('at', [by]),
      graph.longs('to', [by === 1 ? -1 : Number.MAX_SAFE_INTEGER]),
      graph.longs('axis', [1]),
    ]);
  const times = (input: string, factor: number): string => graph.node('Mul', [input, graph.long(factor)]);
  const pair = graph.node('Add', [times(tokens, FACTORS[0]), times(following(1), FACTORS[1])]);
  return { pair, triple: graph.node('Add', [pair, times(following(2), FACTORS[2])]) };
}

/** Each mask divided by how often each key occurs under it: every distinct key then counts once. */
function addDistinct(graph: OnnxGraph, keys: string, masks: readonly string[]): string[] {
  const axis1 = graph.longs('axis', [1]);
  const axis2 = graph.longs('axis', [2]);
  const rows = graph.node('Unsqueeze', [keys, axis2]);
  const same = graph.cast(graph.node('Equal', [rows, graph.node('Unsqueeze', [keys, axis1])]), 'float');
  const one = graph.floats('one', [], [1]);
  return masks.map((mask) => {
    const times = graph.node('MatMul', [same, graph.node('Unsqueeze', [mask, axis2])]);
    return graph.node('Div', [mask, graph.node('Max', [graph.node('Squeeze', [times, axis2]), one])]);
  });
}

/** Float [batch, tokens, PHRASE_COLUMNS]: the ratings of the phrase that starts at each token, else zeros. */
function addPhrases(graph: OnnxGraph, table: TokenTable, keys: Keys): string {
  const { pair, triple, ratings } = phraseTables(graph, table);
  const slots = graph.long(PHRASE_SLOTS);
  const found = [
    graph.node('Gather', [pair, graph.node('Mod', [keys.pair, slots])]),
    graph.node('Gather', [triple, graph.node('Mod', [keys.triple, slots])]),
  ];
  const both = graph.node(
    'Max',
    found.map((slot) => graph.cast(slot, 'int64')),
  );
  return graph.cast(graph.node('Gather', [ratings, both]), 'float');
}
