/**
 * The yardstick of data: one plain model, TF-IDF of words, word pairs and character 3- to 5-grams with a logistic
 * regression, so that a comparison of training sets measures the rows and not the model.
 */
import { TIERS, type Tier } from '../core/tier.ts';
import type { Example } from './examples.ts';
import { accuracy, type Judged, macroF1, recall } from './metrics.ts';
import { type LinearModel, type LinearRow, linearScores, type Sparse, trainLinear } from './ngrams.ts';

const BUCKETS = 1 << 18;
const OPTIONS = { heads: TIERS.length, epochs: 10, rate: 0.3, decay: 1e-4, seed: 1 };
/** Characters of a text that are read. */
const MAX_CHARACTERS = 4_000;

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/), over UTF-16 code units. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function termsOf(text: string): Set<number> {
  const lower = text.slice(0, MAX_CHARACTERS).toLowerCase();
  const terms = new Set<number>();
  const words = lower.match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
  words.forEach((word, index) => {
    terms.add(hashText(`w ${word}`) % BUCKETS);
    const next = words[index + 1];
    if (next !== undefined) terms.add(hashText(`p ${word} ${next}`) % BUCKETS);
    const padded = ` ${word} `;
    for (let size = 3; size <= 5; size++) {
      for (let at = 0; at + size <= padded.length; at++)
        terms.add(hashText(`c${padded.slice(at, at + size)}`) % BUCKETS);
    }
  });
  return terms;
}

function sparse(terms: ReadonlySet<number>, idf: Float32Array): Sparse {
  const indices = Int32Array.from(terms);
  const values = Float32Array.from(indices, (index) => idf[index] ?? 0);
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 1e-9));
  return { indices, values: values.map((value) => value / norm) };
}

export interface Yardstick {
  predict(rows: readonly Example[]): Judged[];
}

/** Trains on rows with a tier. Deterministic. */
export function trainYardstick(rows: readonly Example[]): Yardstick {
  const terms = rows.map(({ text }) => termsOf(text));
  const frequency = new Float64Array(BUCKETS);
  for (const set of terms) for (const index of set) frequency[index] = (frequency[index] ?? 0) + 1;
  const idf = Float32Array.from(frequency, (df) => Math.log((1 + rows.length) / (1 + df)) + 1);
  const linear = rows.map(
    ({ tier }, at): LinearRow => ({
      features: sparse(terms[at] ?? new Set(), idf),
      targets: TIERS.map((each) => (each === tier ? 1 : 0)),
      weight: 1,
    }),
  );
  const model = trainLinear(linear, BUCKETS, OPTIONS);
  return {
    predict: (asked) =>
      asked.flatMap((row) => (row.tier ? [judged(row.tier, model, sparse(termsOf(row.text), idf))] : [])),
  };
}

function judged(truth: Tier, model: LinearModel, features: Sparse): Judged {
  const odds = [...linearScores(model, features)].map((score) => 1 / (1 + Math.exp(-score)));
  const total = odds.reduce((sum, value) => sum + value, 0);
  const of = (tier: Tier): number => (odds[TIERS.indexOf(tier)] ?? 0) / total;
  const probabilities = { simple: of('simple'), moderate: of('moderate'), complex: of('complex') };
  const tier = TIERS.reduce((best, next) => (probabilities[next] > probabilities[best] ? next : best));
  return { truth, tier, confidence: probabilities[tier], probabilities };
}

export interface YardstickFigures {
  readonly rows: number;
  readonly accuracy: number;
  readonly macroF1: number;
  readonly recallComplex: number;
}

export function figuresOf(rows: readonly Judged[]): YardstickFigures {
  return {
    rows: rows.length,
    accuracy: accuracy(rows),
    macroF1: macroF1(rows),
    recallComplex: recall(rows, 'complex'),
  };
}
