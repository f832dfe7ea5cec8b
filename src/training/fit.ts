/** From examples to the parts of a model: linear part, trees on top of it, calibration; all cross-fitted. */
import { createWordPiece } from '../classifiers/wordpiece.ts';
import { type Boosted, type BoostOptions, binColumns, boost, boostedScore } from './boost.ts';
import { type Example, foldOf, sufficiencyOf } from './examples.ts';
import { BAG_FEATURES } from './feature-graph.ts';
import { BIGRAM_BUCKETS } from './hashing.ts';
import type { Lexicon } from './lexicon.ts';
import { featureModel, type ModelParts } from './model-graph.ts';
import {
  inverseFrequencies,
  type LinearModel,
  type LinearOptions,
  type LinearRow,
  linearScores,
  sparseOf,
  trainLinear,
} from './ngrams.ts';
import { fitPlatt } from './platt.ts';
import type { Pretrained } from './pretrain.ts';
import { runGraph } from './run-graph.ts';
import { buildTokenTable } from './token-table.ts';
import { tokenizerJson } from './vocabulary.ts';

/** Longer texts lose their end; tokens. */
export const MAX_TOKENS = 512;

export interface FitOptions {
  readonly folds: number;
  readonly seed: number;
  readonly linear: Omit<LinearOptions, 'heads' | 'seed'>;
  readonly boost: Omit<BoostOptions, 'seed' | 'onTree'>;
  /** How far a label reaches into its neighbour: of a certain row, of one torn between two tiers. */
  readonly smoothing: readonly [number, number];
  /** Weight of an outcome row in the linear part. */
  readonly outcomeWeight: number;
  readonly treeShare: number;
  readonly onProgress?: (done: number) => void;
}

export const FIT_DEFAULTS: FitOptions = {
  folds: 5,
  seed: 1,
  linear: { epochs: 8, rate: 0.3, decay: 1e-4 },
  boost: { trees: 300, rate: 0.05, leaves: 12, leastHessian: 5, l2: 5, rowShare: 0.7, columnShare: 0.2 },
  smoothing: [0.02, 0.15],
  outcomeWeight: 0.3,
  treeShare: 0.7,
};

/** Heads of the linear part: two tiers, failure in outcome tables, four attributes. */
const HEADS = 7;

export interface FitInput {
  /** Rows with a tier. */
  readonly examples: readonly Example[];
  /** Rows of outcome tables. */
  readonly outcomes: readonly Example[];
  /** Weight of a row; 1 unless given. */
  readonly weightOf?: (example: Example) => number;
  readonly pretrained: Pretrained;
  readonly lexicon: Lexicon;
}

export interface Fitted {
  readonly parts: ModelParts;
  /** Cross-fitted log odds of both heads, [examples * 2], before calibration. */
  readonly outOfFold: Float64Array;
}

function targetsOf(example: Example, smoothing: FitOptions['smoothing']): number[] {
  const reach = example.certain ? smoothing[0] : smoothing[1];
  const tiers = example.tier
    ? sufficiencyOf(example.tier).map((yes) => (yes ? 1 - reach : reach))
    : [NaN, NaN];
  const attributes = example.attributes?.map((value) => value / 4) ?? [NaN, NaN, NaN, NaN];
  return [...tiers, example.failure ?? Number.NaN, ...attributes];
}

/** Trains everything. Deterministic: the same input and seed give the same parts. */
export async function fit(input: FitInput, options: FitOptions = FIT_DEFAULTS): Promise<Fitted> {
  const { examples, outcomes, pretrained, lexicon } = input;
  const table = buildTokenTable(pretrained, lexicon);
  const tokenizer = createWordPiece(tokenizerJson(pretrained.vocab), MAX_TOKENS);
  if (!tokenizer) throw new Error('the vocabulary gives no readable tokenizer');
  const ids = examples.map(({ text }) => tokenizer.encode(text));
  const outcomeIds = outcomes.map(({ text }) => tokenizer.encode(text));
  const idf = inverseFrequencies([...ids, ...outcomeIds], table.vocabulary);
  const asked = (tokens: Int32Array): Int32Array => {
    const end = tokens.indexOf(HISTORY_ID);
    return end === -1 ? tokens : tokens.subarray(0, end);
  };
  const row = (example: Example, tokens: Int32Array, weight: number): LinearRow => ({
    features: sparseOf(tokens, asked(tokens).length, table.vocabulary, idf),
    targets: targetsOf(example, options.smoothing),
    weight,
  });
  const weights = examples.map((example) => input.weightOf?.(example) ?? 1);
  const rows = examples.map((example, at) => row(example, ids[at] ?? new Int32Array(0), weights[at] ?? 1));
  const others = outcomes.map((example, at) =>
    row(example, outcomeIds[at] ?? new Int32Array(0), options.outcomeWeight),
  );
  const folds = examples.map(({ group }) => foldOf(group, options.folds));
  const features = table.vocabulary + BIGRAM_BUCKETS;
  const linearOn = (chosen: readonly LinearRow[], seed: number): LinearModel =>
    trainLinear([...chosen, ...others], features, { ...options.linear, heads: HEADS, seed });

  const width = BAG_FEATURES + HEADS;
  const matrix = new Float32Array(examples.length * width);
  const bag = await runGraph(featureModel(table, BAG_FEATURES), ids, {
    name: 'features',
    columns: BAG_FEATURES,
  });
  for (let at = 0; at < examples.length; at++) {
    matrix.set(bag.subarray(at * BAG_FEATURES, (at + 1) * BAG_FEATURES), at * width);
  }
  const steps = 3 * options.folds + 4;
  let done = 0;
  const step = (by = 1): void => {
    done += by;
    options.onProgress?.(done / steps);
  };
  for (let fold = 0; fold < options.folds; fold++) {
    const model = linearOn(
      rows.filter((_, at) => folds[at] !== fold),
      options.seed + fold,
    );
    for (const [at, { features: sparse }] of rows.entries()) {
      if (folds[at] === fold) matrix.set(linearScores(model, sparse), at * width + BAG_FEATURES);
    }
    step();
  }
  const linear = linearOn(rows, options.seed);
  step(2);

  const data = binColumns(matrix, examples.length, width);
  const sample = Float32Array.from(weights);
  const targets = [0, 1].map((head) => Float32Array.from(rows, (r) => r.targets[head] ?? 0));
  const boostOn = (keep: (at: number) => boolean, head: number): Boosted => {
    const chosen = Int32Array.from([...rows.keys()].filter(keep));
    const labels = { targets: targets[head] ?? new Float32Array(0), weights: sample, rows: chosen };
    return boost(data, labels, { ...options.boost, seed: options.seed * 100 + head });
  };
  const outOfFold = new Float64Array(examples.length * 2);
  for (let fold = 0; fold < options.folds; fold++) {
    for (const head of [0, 1]) {
      const model = boostOn((at) => folds[at] !== fold, head);
      for (let at = 0; at < examples.length; at++) {
        if (folds[at] !== fold) continue;
        const straight = matrix[at * width + BAG_FEATURES + head] ?? 0;
        outOfFold[at * 2 + head] =
          options.treeShare * boostedScore(model, data, at) + (1 - options.treeShare) * straight;
      }
      step();
    }
  }
  const boosted = [boostOn(() => true, 0), boostOn(() => true, 1)] as const;
  step(2);
  const yes = (head: number): number[] =>
    examples.map(({ tier }) => (tier ? (sufficiencyOf(tier)[head] ?? 0) : Number.NaN));
  const platt = [0, 1].map((head) =>
    fitPlatt(
      examples.map((_, at) => outOfFold[at * 2 + head] ?? 0),
      yes(head),
      weights,
    ),
  );
  const [first = { slope: 1, offset: 0 }, second = { slope: 1, offset: 0 }] = platt;
  const { treeShare } = options;
  return { parts: { table, linear, idf, boosted, treeShare, platt: [first, second] }, outOfFold };
}

/** Id of the token behind which nothing is asked: see vocabulary. */
const HISTORY_ID = 3;
