/** What any trained router has to beat. Each baseline is a function from prompts to judged rows. */
import { createRulesClassifier } from '../classifiers/rules.ts';
import { wordsOf } from '../classifiers/wordpiece.ts';
import { TIERS, type Tier, tierRank } from '../core/tier.ts';
import type { Example } from './examples.ts';
import { BIGRAM_BUCKETS } from './hashing.ts';
import type { Judged } from './metrics.ts';
import { linearScores, type Sparse, trainLinear } from './ngrams.ts';
import { createRandom, permutation } from './random.ts';

/** Labelled rows of the test and of the training side. */
export interface BaselineInput {
  readonly test: readonly Example[];
  readonly train: readonly Example[];
  readonly seed: number;
}

type Probabilities = readonly [number, number, number];

function judged(example: Example, shares: Probabilities): Judged[] {
  if (!example.tier) return [];
  const [simple, moderate, complex] = shares;
  const best = shares.indexOf(Math.max(...shares));
  const tier = TIERS[best] ?? 'moderate';
  return [
    {
      truth: example.tier,
      tier,
      confidence: shares[best] ?? 0,
      probabilities: { simple, moderate, complex },
    },
  ];
}

function oneHot(tier: Tier): Probabilities {
  return [0, 1, 2].map((rank) => (rank === tierRank(tier) ? 1 : 0)) as unknown as Probabilities;
}

function constant(tier: Tier): (input: BaselineInput) => Judged[] {
  return ({ test }) => test.flatMap((example) => judged(example, oneHot(tier)));
}

/** Tiers drawn at the mix of the test rows. */
function random({ test, seed }: BaselineInput): Judged[] {
  const source = createRandom(seed);
  return test.flatMap((example) =>
    judged(example, oneHot(test[source.below(test.length)]?.tier ?? 'moderate')),
  );
}

/** Shares of the tiers among the training rows of like length (32 buckets of log characters). */
function length({ test, train }: BaselineInput): Judged[] {
  const bucketOf = (text: string): number => Math.min(31, Math.floor(Math.log2(1 + text.length) * 2.5));
  const counts = Array.from({ length: 32 }, () => [1, 1, 1]);
  for (const { text, tier } of train) {
    const bucket = counts[bucketOf(text)];
    if (bucket && tier) bucket[tierRank(tier)] = (bucket[tierRank(tier)] ?? 0) + 1;
  }
  return test.flatMap((example) => {
    const [a = 1, b = 1, c = 1] = counts[bucketOf(example.text)] ?? [];
    return judged(example, [a / (a + b + c), b / (a + b + c), c / (a + b + c)]);
  });
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return (value >>> 0) % BIGRAM_BUCKETS;
}

/** Unit vectors of hashed words and word pairs, weighted by how rare they are among `train`. */
function vectorise(train: readonly Example[], test: readonly Example[]): readonly [Sparse[], Sparse[]] {
  const bag = ({ text }: Example): Int32Array => {
    const words = wordsOf(text).slice(0, 400);
    return Int32Array.from(
      new Set([...words, ...words.map((word, at) => `${word} ${words[at + 1] ?? ''}`)].map(hash)),
    );
  };
  const bags = [train.map(bag), test.map(bag)] as const;
  const frequency = new Float64Array(BIGRAM_BUCKETS);
  for (const indices of bags[0]) for (const index of indices) frequency[index] = (frequency[index] ?? 0) + 1;
  const vector = (indices: Int32Array): Sparse => {
    const values = Float32Array.from(indices, (at) =>
      Math.log((1 + train.length) / (1 + (frequency[at] ?? 0))),
    );
    const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 1e-9));
    return { indices, values: values.map((value) => value / norm) };
  };
  return [bags[0].map(vector), bags[1].map(vector)];
}

const NEIGHBOURS = 15;

/** The tiers of the 15 nearest training rows by cosine. */
function nearest({ test, train }: BaselineInput): Judged[] {
  const [known, asked] = vectorise(train, test);
  const postings = new Map<number, number[]>();
  for (const [row, { indices }] of known.entries()) {
    for (const index of indices) {
      const list = postings.get(index) ?? [];
      list.push(row);
      postings.set(index, list);
    }
  }
  const valueAt = known.map(
    ({ indices, values }) => new Map([...indices].map((index, at) => [index, values[at] ?? 0])),
  );
  return test.flatMap((example, at) => {
    const similar = new Float64Array(train.length);
    const query = asked[at];
    for (const [k, index] of (query?.indices ?? []).entries()) {
      const rows = postings.get(index) ?? [];
      if (rows.length > train.length / 10) continue;
      for (const row of rows)
        similar[row] = (similar[row] ?? 0) + (query?.values[k] ?? 0) * (valueAt[row]?.get(index) ?? 0);
    }
    const order = [...similar.keys()]
      .sort((a, b) => (similar[b] ?? 0) - (similar[a] ?? 0))
      .slice(0, NEIGHBOURS);
    const votes = [0.1, 0.1, 0.1];
    for (const row of order) {
      const { tier } = train[row] ?? {};
      if (tier) votes[tierRank(tier)] = (votes[tierRank(tier)] ?? 0) + (similar[row] ?? 0);
    }
    const total = votes.reduce((sum, vote) => sum + vote, 0);
    const [a = 0, b = 0, c = 0] = votes.map((vote) => vote / total);
    return judged(example, [a, b, c]);
  });
}

/** A linear model on words and word pairs; `shuffled` trains it on labels in random order. */
function linear(shuffled: boolean): (input: BaselineInput) => Judged[] {
  return ({ test, train, seed }) => {
    const [known, asked] = vectorise(train, test);
    const order = shuffled ? permutation(train.length, createRandom(seed)) : train.map((_, at) => at);
    const rows = known.map((features, at) => {
      const rank = tierRank(train[order[at] ?? at]?.tier ?? 'moderate');
      return { features, targets: [rank <= 0 ? 1 : 0, rank <= 1 ? 1 : 0], weight: 1 };
    });
    const model = trainLinear(rows, BIGRAM_BUCKETS, { heads: 2, epochs: 6, rate: 0.3, decay: 1e-4, seed });
    return test.flatMap((example, at) => {
      const features = asked[at];
      if (!features) return [];
      const [a = 0, b = 0] = [...linearScores(model, features)].map((score) => 1 / (1 + Math.exp(-score)));
      const enough = Math.max(a, b);
      return judged(example, [a, enough - a, 1 - enough]);
    });
  };
}

async function rules({ test }: BaselineInput): Promise<Judged[]> {
  const answers = await createRulesClassifier().classify(test);
  return test.flatMap(({ tier: truth }, at) => {
    const answer = answers[at];
    return truth && answer ? [{ truth, ...answer }] : [];
  });
}

export const BASELINES: Readonly<Record<string, (input: BaselineInput) => Judged[] | Promise<Judged[]>>> = {
  'always simple': constant('simple'),
  'always moderate': constant('moderate'),
  'always complex': constant('complex'),
  'random, same mix': random,
  'prompt length': length,
  'keyword rules': rules,
  '15 nearest neighbours': nearest,
  'shuffled labels': linear(true),
  'linear n-grams': linear(false),
};
