/** Logged requests with feedback as training examples. */
import { isTokenText } from '../classifiers/token-text.ts';
import type { LabelledDecision } from '../core/store.ts';
import { type Capped, type Caps, capWeights, DEFAULT_CAPS, type Weighted } from './caps.ts';
import type { Example } from './examples.ts';
import { judgementOf, type SignalSource, tierOf } from './judgements.ts';
import { createRowSample } from './row-sample.ts';

/** Source under which the rows appear in manifests and reports. */
export const FEEDBACK_SOURCE = 'feedback';

export interface CollectedFeedback {
  readonly examples: readonly Example[];
  /** Rows beyond the most that are trained on, left out by chance. */
  readonly surplus: number;
  /** Rows that cannot be trained on, by the reason. */
  readonly skipped: {
    readonly noText: number;
    /** Kept as token ids whose tokenizer is gone. */
    readonly otherTokenizer: number;
    readonly otherFeatures: number;
    readonly noSignal: number;
  };
  readonly bySource: Readonly<Partial<Record<SignalSource, number>>>;
  /** What was scaled down because one key, session or day brought more than its limit. */
  readonly excess: Capped['excess'];
}

export interface CollectOptions {
  readonly caps?: Caps;
  /** Most rows kept: corrections by people first, the others by chance. Caps count all rows. Absent: all. */
  readonly mostRows?: number;
  /** Reads texts that were kept as token ids; undefined where it cannot. Absent: there are none. */
  readonly readText?: (kept: string) => string | undefined;
}

function exampleOf(
  row: LabelledDecision,
  text: string,
  judgement: NonNullable<ReturnType<typeof judgementOf>>,
): Example {
  const tier = tierOf(judgement.sufficient, judgement.seen);
  return {
    id: row.decisionId,
    source: FEEDBACK_SOURCE,
    group: row.session ?? row.decisionId,
    text,
    prompt: text,
    messages: [{ role: 'user', content: text }],
    ...(row.inputTokens === undefined ? {} : { inputTokens: row.inputTokens }),
    ...(tier ? { tier } : {}),
    sufficient: judgement.sufficient,
    ...(judgement.seen ? { seen: judgement.seen } : {}),
    weight: judgement.weight,
    certain: judgement.sources[0] === 'person',
    language: 'en',
  };
}

/**
 * Reads the stream once. A row counts where its text was kept, its text was made by the given feature version, and its
 * signals say something; rows of one session share a group, so that a split never divides them. The weights hold the
 * caps.
 */
export async function collectFeedback(
  rows: AsyncIterable<LabelledDecision>,
  featureVersion: string,
  {
    caps = DEFAULT_CAPS,
    mostRows = Number.POSITIVE_INFINITY,
    readText = (kept) => (isTokenText(kept) ? undefined : kept),
  }: CollectOptions = {},
): Promise<CollectedFeedback> {
  const sample = createRowSample<Example>(mostRows);
  const weighted: Weighted[] = [];
  const skipped = { noText: 0, otherTokenizer: 0, otherFeatures: 0, noSignal: 0 };
  const bySource: Partial<Record<SignalSource, number>> = {};
  for await (const row of rows) {
    const judgement = judgementOf(row);
    const text = readText(row.text);
    if (row.text === '') skipped.noText++;
    else if (text === undefined) skipped.otherTokenizer++;
    else if (row.featureVersion !== featureVersion) skipped.otherFeatures++;
    else if (!judgement) skipped.noSignal++;
    else {
      const example = exampleOf(row, text, judgement);
      sample.add(example, row.decisionId, example.certain);
      weighted.push({ weight: judgement.weight, at: row.at, session: row.session, key: judgement.by });
      const [strongest] = judgement.sources;
      if (strongest) bySource[strongest] = (bySource[strongest] ?? 0) + 1;
    }
  }
  const { weights, excess } = capWeights(weighted, caps);
  const examples = sample.rows().map(({ row, index }) => ({ ...row, weight: weights[index] ?? 0 }));
  return { examples, surplus: sample.seen() - examples.length, skipped, bySource, excess };
}
