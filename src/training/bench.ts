/** Speed of a classifier: one prompt at a time, and many. */
import type { Classifier } from '../core/ports.ts';

export interface Latency {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** One at a time. */
  readonly perSecond: number;
}

const SENTENCE = 'Compare the two migration plans for the billing tables below and say which one is safer. ';
/** Some 200 tokens. */
const TIMED_PROMPT = SENTENCE.repeat(12);

/** Tokenise and infer a prompt of some 200 tokens, `rounds` times after a tenth as many to warm up. */
export async function latencyOf(classifier: Classifier, rounds = 3_000): Promise<Latency> {
  const inputs = [{ text: TIMED_PROMPT }];
  const times: number[] = [];
  for (let round = -rounds / 10; round < rounds; round++) {
    const start = performance.now();
    await classifier.classify(inputs);
    if (round >= 0) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const total = times.reduce((sum, time) => sum + time, 0);
  const at = (share: number): number => times[Math.floor(share * times.length)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), perSecond: (1_000 * times.length) / total };
}
