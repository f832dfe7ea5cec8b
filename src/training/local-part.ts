/**
 * What a deployment's own feedback teaches of requests like its own, beside the base model and not in its place. A vote
 * speaks of the tier that answered only; where one tier was seen, what the other would have done is estimated from the
 * rows where that one was (X-learner: Künzel et al. 2019), so that a lower tier is held to what `complex` could have
 * done better: a request on which all tiers err counts against none of them.
 */
import { type Binned, type Boosted, type BoostOptions, boost, boostedScore } from './boost.ts';
import type { Example } from './examples.ts';
import type { Platt } from './model-graph.ts';
import { fitPlatt } from './platt.ts';

export interface LocalOptions {
  /** Rows with an answer seen from which on there is a local part; fewer are trained on with all the others. */
  readonly least: number;
  readonly boost: Omit<BoostOptions, 'seed' | 'onTree'>;
}

/** Log odds of one lower tier among requests like those with feedback: the base score, straightened, plus trees. */
export interface LocalHead {
  readonly start: Platt;
  readonly trees: Boosted;
}

export interface LocalPart {
  /** Log odds that a request is like those with feedback, from the last linear head. */
  readonly likeness: Platt;
  /** One per lower tier; undefined where its answers were hardly seen. */
  readonly heads: readonly [LocalHead | undefined, LocalHead | undefined];
}

const COMPLEX = 2;
/** Share of the least number of rows in which a lower tier's answers must have been seen, and those of `complex`. */
const LEAST_SEEN = 0.25;
const LEAST_COMPLEX = 0.1;

const isKnown = (value: number | undefined): value is number => value !== undefined && !Number.isNaN(value);
const chance = (odds: number): number => 1 / (1 + Math.exp(-odds));

/** True for a row of which an answer was seen. */
export function wasSeen(example: Example | undefined): boolean {
  return example?.seen?.some(isKnown) ?? false;
}

/** Weight from which a row counts whole: that of a validator's verdict. */
const WHOLE = 0.5;

/** Rows by what the caps have left of their weight, so that no one key can bring the local part about. */
function countOf(rows: readonly Example[]): number {
  return rows.reduce((sum, { weight = 1 }) => sum + Math.min(1, weight / WHOLE), 0);
}

/** The lower tiers that get a head of their own, from `least` rows on of which an answer was seen. */
export function localHeads(examples: readonly Example[], least: number): readonly [boolean, boolean] {
  const rows = examples.filter(wasSeen);
  const often = (tier: number): boolean =>
    countOf(rows.filter(({ seen }) => isKnown(seen?.[tier]))) >= LEAST_SEEN * least;
  return countOf(rows) < least ? [false, false] : [often(0), often(1)];
}

export interface LocalInput {
  readonly examples: readonly Example[];
  /** Fold of each example. */
  readonly folds: readonly number[];
  /** Weight of each example. */
  readonly weights: readonly number[];
  /** Features of the examples, in their order; more rows may follow. */
  readonly data: Binned;
  /** Base score of a head for an example, which must not have been trained on it. */
  readonly baseScore: (at: number, head: number) => number;
  /** Cross-fitted score of the last linear head. */
  readonly likeness: (at: number) => number;
  readonly options: LocalOptions & { readonly folds: number; readonly seed: number };
}

function fitTrees(
  { data, weights, options }: LocalInput,
  rows: readonly number[],
  targets: Float32Array,
  seed: number,
  start?: Float64Array,
): Boosted {
  const labels = { targets, weights: Float32Array.from(targets, (_, at) => weights[at] ?? 0) };
  const settings = { ...options.boost, seed: options.seed * 1000 + seed };
  return boost(data, { ...labels, rows: Int32Array.from(rows) }, settings, start);
}

/** Chance that an answer of the tier is good, for every example, learnt where one was seen; 1 where too few were. */
function seenChance(input: LocalInput, tier: number, least: number): (at: number) => number {
  const rows = [...input.examples.keys()].filter((at) => isKnown(input.examples[at]?.seen?.[tier]));
  if (rows.length < least) return () => 1;
  const targets = new Float32Array(input.data.rows);
  for (const at of rows) targets[at] = input.examples[at]?.seen?.[tier] ?? 0;
  const model = fitTrees(input, rows, targets, 10 + tier);
  return (at) => chance(boostedScore(model, input.data, at));
}

/**
 * Half of 1 less what `complex` would have done better than the lower tier, 0 to 1: one half where both do alike. NaN
 * where nothing is known. (Trees learn this target better than its double, whose loss has no bound.)
 */
function targetsOf(input: LocalInput, head: number): Float32Array {
  const { examples, options } = input;
  const lower = seenChance(input, head, 1);
  const complex = seenChance(input, COMPLEX, LEAST_COMPLEX * options.least);
  const targets = new Float32Array(input.data.rows).fill(Number.NaN);
  for (const [at, { seen, sufficient }] of examples.entries()) {
    if (!seen?.some(isKnown)) continue;
    const [own, top] = [seen[head], seen[COMPLEX]];
    if (isKnown(own)) targets[at] = (1 + own - (isKnown(top) ? top : complex(at))) / 2;
    else if (isKnown(top)) targets[at] = (1 + lower(at) - top) / 2;
    else targets[at] = (sufficient?.[head] ?? Number.NaN) / 2;
  }
  return targets;
}

function scaled({ base, trees }: Boosted, by: number): Boosted {
  return {
    base: base * by,
    trees: trees.map((tree) => tree.map((node) => ({ ...node, value: node.value * by }))),
  };
}

/** A head on half the target, and the straight line that makes calibrated log odds of it. */
function fitHead(input: LocalInput, head: number): { head: LocalHead; crossFitted: Float64Array } {
  const { data, baseScore, folds, weights, options } = input;
  const targets = targetsOf(input, head);
  const rows = [...input.examples.keys()].filter((at) => isKnown(targets[at]) && (weights[at] ?? 0) > 0);
  const scores = input.examples.map((_, at) => baseScore(at, head));
  const pick = (values: ArrayLike<number>): number[] => rows.map((at) => values[at] ?? 0);
  const start = fitPlatt(pick(scores), pick(targets), pick(weights));
  const from = new Float64Array(data.rows);
  for (const [at, score] of scores.entries()) from[at] = start.slope * score + start.offset;
  const train = (chosen: readonly number[]): Boosted => fitTrees(input, chosen, targets, head, from);
  const trees = train(rows);
  const raw = Float64Array.from(scores, (_, at) => (from[at] ?? 0) + boostedScore(trees, data, at));
  for (let fold = 0; fold < options.folds; fold++) {
    const model = train(rows.filter((at) => folds[at] !== fold));
    for (const at of rows) {
      if (folds[at] === fold) raw[at] = (from[at] ?? 0) + boostedScore(model, data, at);
    }
  }
  const whole = pick(targets).map((target) => 2 * target);
  const { slope, offset } = fitPlatt(pick(raw), whole, pick(weights));
  return {
    head: {
      start: { slope: slope * start.slope, offset: slope * start.offset + offset },
      trees: scaled(trees, slope),
    },
    crossFitted: raw.map((odds) => slope * odds + offset),
  };
}

/** The local part, and the cross-fitted log odds of an example where `base` are those of the base model, calibrated. */
export function fitLocal(
  input: LocalInput,
  wanted: readonly [boolean, boolean],
): { part: LocalPart; blend: (at: number, head: number, base: number) => number } {
  const { examples, likeness: score, weights } = input;
  const likeness = fitPlatt(
    examples.map((_, at) => score(at)),
    examples.map((example) => (wasSeen(example) ? 1 : 0)),
    weights,
  );
  const [simple, moderate] = wanted.map((is, head) => (is ? fitHead(input, head) : undefined));
  return {
    part: { likeness, heads: [simple?.head, moderate?.head] },
    blend: (at, head, base) => {
      const own = (head === 0 ? simple : moderate)?.crossFitted[at];
      if (own === undefined) return base;
      return base + chance(likeness.slope * score(at) + likeness.offset) * (own - base);
    },
  };
}
