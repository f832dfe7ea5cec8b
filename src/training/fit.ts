/** From examples to the parts of a model: linear part, trees on top of it, calibration; all cross-fitted. */
import { createWordPiece } from '../classifiers/wordpiece.ts';
import { type Binned, type Boosted, type BoostOptions, binColumns, boost, boostedScore } from './boost.ts';
import type { Example } from './examples.ts';
import { BAG_FEATURES } from './feature-graph.ts';
import { calibrateHeads, planRows } from './fit-rows.ts';
import type { Lexicon } from './lexicon.ts';
import { fitLocal, type LocalOptions, type LocalPart, localHeads, wasSeen } from './local-part.ts';
import { withMisspellings } from './misspellings.ts';
import { featureModel, type ModelParts } from './model-graph.ts';
import {
  inverseFrequencies,
  type LinearModel,
  type LinearOptions,
  type LinearRow,
  layoutOf,
  linearScores,
  sparseOf,
  trainLinear,
} from './ngrams.ts';
import type { OutcomeModels } from './outcomes.ts';
import type { Pretrained } from './pretrain.ts';
import { runGraph } from './run-graph.ts';
import { buildTokenTable, type TokenTable } from './token-table.ts';
import { tokenizerJson } from './vocabulary.ts';

/** Longer texts lose their end; tokens. */
export const MAX_TOKENS = 384;

export interface FitOptions {
  readonly folds: number;
  /**
   * What is never divided between folds. By source, the cross-fitted figures are those on sources never seen; a
   * source that would fill more than half a fold is divided by its groups all the same.
   */
  readonly foldBy: 'group' | 'source';
  readonly seed: number;
  readonly linear: Omit<LinearOptions, 'heads' | 'seed'>;
  readonly boost: Omit<BoostOptions, 'seed' | 'onTree'>;
  /** How far a label reaches into its neighbour: of a certain row, of one torn between two tiers. */
  readonly smoothing: readonly [number, number];
  /** Weight of an outcome row beside that of a label. */
  readonly outcomeWeight: number;
  /** Share of the trees in the score of a head; the rest is the linear part's. */
  readonly treeShare: number;
  /** What feedback teaches of requests like those that had it; see local-part.ts. */
  readonly local: LocalOptions;
  readonly onProgress?: (done: number) => void;
}

export const FIT_DEFAULTS: FitOptions = {
  folds: 6,
  foldBy: 'source',
  seed: 1,
  linear: { epochs: 3, rate: 0.15, decay: 1e-4 },
  boost: {
    trees: 300,
    rate: 0.05,
    leaves: 12,
    leastHessian: 5,
    l2: 5,
    rowShare: 0.7,
    rowLimit: 15_000,
    columnShare: 0.15,
  },
  smoothing: [0.02, 0.15],
  outcomeWeight: 0.1,
  treeShare: 0.85,
  local: {
    least: 1_000,
    boost: {
      trees: 100,
      rate: 0.03,
      leaves: 12,
      leastHessian: 5,
      l2: 5,
      rowShare: 0.7,
      rowLimit: 15_000,
      columnShare: 0.15,
    },
  },
};

/** Heads of the linear part: two tiers, failure in outcome tables, four attributes. */
const HEADS = 7;
const WIDTH = BAG_FEATURES + HEADS;
type Wanted = readonly [boolean, boolean];

export interface FitInput {
  /** Rows with a tier. */
  readonly examples: readonly Example[];
  /** Rows of outcome tables. */
  readonly outcomes: readonly Example[];
  readonly outcomeModels: OutcomeModels;
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

/** A row as both stages see it. */
interface Prepared extends LinearRow {
  readonly ids: Int32Array;
  readonly fold: number;
}

const isLocal = (local: Wanted): boolean => local.some(Boolean);

/** Targets with one more: is it a row with feedback? Such rows teach the local part, and the base model nothing. */
function withLikeness(targets: readonly number[], seen: boolean): number[] {
  return [...targets.map((target) => (seen ? Number.NaN : target)), seen ? 1 : 0];
}

function prepare(
  input: FitInput,
  table: TokenTable,
  options: FitOptions,
  local: Wanted,
): { rows: Prepared[]; idf: Float32Array } {
  const tokenizer = createWordPiece(
    tokenizerJson(withMisspellings(input.pretrained.vocab).vocab),
    MAX_TOKENS,
  );
  if (!tokenizer) throw new Error('the vocabulary is of another feature version: run pretrain again');
  const planned = planRows(input, options);
  const all = [...input.examples, ...input.outcomes];
  const tokens = planned.map(({ text }) => tokenizer.encode(text).map((id) => table.meant[id] ?? id));
  const idf = inverseFrequencies(tokens, table.shapes);
  const rows = planned.map(({ fold, targets, weight }, at): Prepared => {
    const ids = tokens[at] ?? new Int32Array(0);
    const seen = isLocal(local) && wasSeen(all[at]);
    const asked = isLocal(local) ? withLikeness(targets, seen) : targets;
    return { ids, fold, features: sparseOf(ids, table.shapes, idf), targets: asked, weight };
  });
  return { rows, idf };
}

/** What both stages share while a model is fitted. */
interface Workshop {
  readonly table: TokenTable;
  readonly rows: readonly Prepared[];
  /** Features of every row, [rows * WIDTH]: the bag, then the scores of the linear heads. */
  readonly matrix: Float32Array;
  /** Cross-fitted scores of the head that knows rows with feedback, where there is a local part. */
  readonly likeness: Float64Array;
  readonly options: FitOptions;
  /** Reports `by` of the steps that a run has in all. */
  readonly step: (by: number) => void;
}

/** The matrix with the bag of every row; the linear scores are still to come. */
async function bagMatrix(table: TokenTable, rows: readonly Prepared[]): Promise<Float32Array> {
  const texts = rows.map(({ ids }) => ids);
  const output = { name: 'features', columns: BAG_FEATURES };
  const bags = await runGraph(featureModel(table, BAG_FEATURES), texts, output);
  const matrix = new Float32Array(rows.length * WIDTH);
  for (let at = 0; at < rows.length; at++) {
    matrix.set(bags.subarray(at * BAG_FEATURES, (at + 1) * BAG_FEATURES), at * WIDTH);
  }
  return matrix;
}

/** Writes cross-fitted linear scores into the matrix, so that the trees learn how far to trust them. */
function fitLinear({ table, rows, matrix, likeness, options, step }: Workshop): LinearModel {
  const { size } = layoutOf(table.shapes);
  const settings = { ...options.linear, heads: rows[0]?.targets.length ?? HEADS, seed: options.seed };
  for (let fold = 0; fold < options.folds; fold++) {
    const others = rows.filter((row) => row.fold !== fold);
    const model = trainLinear(others, size, settings);
    for (const [at, row] of rows.entries()) {
      if (row.fold !== fold) continue;
      const scores = linearScores(model, row.features);
      matrix.set(scores.subarray(0, HEADS), at * WIDTH + BAG_FEATURES);
      likeness[at] = scores[HEADS] ?? 0;
    }
    step(2);
  }
  const linear = trainLinear(rows, size, settings);
  step(1);
  return linear;
}

/** Trees of both heads, and cross-fitted scores of the first `labelled` rows. */
function fitTrees(
  { rows, matrix, options, step }: Workshop,
  labelled: number,
): { data: Binned; boosted: [Boosted, Boosted]; outOfFold: Float64Array } {
  const data = binColumns(matrix, rows.length, WIDTH);
  const boostOn = (head: number, keep: (row: Prepared) => boolean): Boosted => {
    const targets = Float32Array.from(rows, (row) => row.targets[head] ?? Number.NaN);
    const weights = Float32Array.from(rows, ({ weight }, at) => (Number.isNaN(targets[at]) ? 0 : weight));
    const chosen = [...rows.entries()].flatMap(([at, row]) => (keep(row) ? [at] : []));
    const labels = { targets, weights, rows: Int32Array.from(chosen) };
    return boost(data, labels, { ...options.boost, seed: options.seed * 100 + head });
  };
  const outOfFold = new Float64Array(labelled * 2);
  for (let fold = 0; fold < options.folds; fold++) {
    for (const head of [0, 1]) {
      const model = boostOn(head, (row) => row.fold !== fold);
      for (let at = 0; at < labelled; at++) {
        if (rows[at]?.fold !== fold) continue;
        const straight = matrix[at * WIDTH + BAG_FEATURES + head] ?? 0;
        const mixed = options.treeShare * boostedScore(model, data, at) + (1 - options.treeShare) * straight;
        outOfFold[at * 2 + head] = mixed;
      }
      step(1);
    }
  }
  const everything = (): boolean => true;
  const boosted: [Boosted, Boosted] = [boostOn(0, everything), boostOn(1, everything)];
  step(4);
  return { data, boosted, outOfFold };
}

/** Scores of the examples of which no answer was seen, [examples * 2]. */
function scoresOf(examples: readonly Example[], outOfFold: Float64Array): Float64Array {
  const base = [...examples.entries()].filter(([, example]) => !wasSeen(example));
  return Float64Array.from(base.flatMap(([at]) => [outOfFold[at * 2] ?? 0, outOfFold[at * 2 + 1] ?? 0]));
}

/** The local part, and cross-fitted scores that give its log odds once they are calibrated. */
function addLocal(
  { rows, matrix, likeness, options }: Workshop,
  examples: readonly Example[],
  wanted: Wanted,
  base: Pick<Fitted, 'outOfFold'> & Pick<ModelParts, 'boosted' | 'platt'> & { readonly data: Binned },
): { part: LocalPart; outOfFold: Float64Array } {
  const { data, boosted, platt } = base;
  const { part, blend } = fitLocal(
    {
      examples,
      folds: rows.slice(0, examples.length).map(({ fold }) => fold),
      weights: rows.slice(0, examples.length).map(({ weight }) => weight),
      data,
      baseScore: (at, head) => {
        const straight = matrix[at * WIDTH + BAG_FEATURES + head] ?? 0;
        const grown = boostedScore(boosted[head === 0 ? 0 : 1], data, at);
        return options.treeShare * grown + (1 - options.treeShare) * straight;
      },
      likeness: (at) => likeness[at] ?? 0,
      options: { ...options.local, folds: options.folds, seed: options.seed },
    },
    wanted,
  );
  const outOfFold = base.outOfFold.map((score, index) => {
    const { slope, offset } = platt[index % 2 === 0 ? 0 : 1];
    const odds = blend(index >> 1, index % 2, slope * score + offset);
    return (odds - offset) / (slope || 1);
  });
  return { part, outOfFold };
}

/** Trains everything. Deterministic: the same input and seed give the same parts. */
export async function fitModel(input: FitInput, options: FitOptions = FIT_DEFAULTS): Promise<Fitted> {
  const table = buildTokenTable(input.pretrained, input.lexicon);
  const wanted = localHeads(input.examples, options.local.least);
  const { rows, idf } = prepare(input, table, options, wanted);
  let done = 0;
  const step = (by: number): void => {
    done += by;
    options.onProgress?.(done / (4 * options.folds + (isLocal(wanted) ? 8 : 5)));
  };
  const likeness = new Float64Array(rows.length);
  const workshop = { table, rows, matrix: await bagMatrix(table, rows), likeness, options, step };
  const linear = fitLinear(workshop);
  const trees = fitTrees(workshop, input.examples.length);
  const examples = isLocal(wanted) ? input.examples.filter((example) => !wasSeen(example)) : input.examples;
  const known = isLocal(wanted) ? scoresOf(input.examples, trees.outOfFold) : trees.outOfFold;
  const platt = calibrateHeads({ ...input, examples }, known);
  const parts = { table, linear, idf, boosted: trees.boosted, treeShare: options.treeShare, platt };
  if (!isLocal(wanted)) return { parts, outOfFold: trees.outOfFold };
  const { part, outOfFold } = addLocal(workshop, input.examples, wanted, { ...trees, platt });
  step(3);
  return { parts: { ...parts, local: part }, outOfFold };
}
