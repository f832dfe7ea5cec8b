/** The tables, as the query builder sees them. Times are Unix milliseconds, money USD, flags 0 or 1. */
import type { Generated } from 'kysely';

export interface DecisionsTable {
  id: string;
  at: number;
  tier: string;
  source: string;
  session: string | null;
  api_key: string | null;
  /** The caller's own id of its end user. */
  end_user: string | null;
  /** Of `text` as it is kept, to find the same text again; null where no text is kept. */
  text_hash: string | null;
  /** Bundle id, `rules`, or null where the classifier was skipped. */
  classifier: string | null;
  /** What the classifier said, whatever was decided. */
  classified_tier: string | null;
  /** How sure the classifier was, 0 to 1. */
  confidence: number | null;
  judge_tier: string | null;
  /** Estimated tokens of the prompt. */
  prompt_tokens: number | null;
  /** The reserved tokens before what is asked, empty for a plain prompt; null where the text is not kept as words. */
  facts: string | null;
  shadow_classifier: string | null;
  shadow_tier: string | null;
  decision_ms: number;
  judge_cost_usd: number | null;
  /** The judge was asked and its answer did not come from the cache. */
  judge_asked: number;
  /** What the classifier read, as far as the configuration lets it be kept. */
  text: string;
  /** The whole decision without its text, as JSON. */
  document: string;
}

export interface OutcomesTable {
  decision_id: string;
  at: number;
  status: string;
  model: string | null;
  escalated: number;
  /** An attempt's answer failed a validator. */
  rejected: number;
  input_tokens: number;
  output_tokens: number;
  cached_input_tokens: number;
  reasoning_tokens: number;
  cost_usd: number | null;
  baseline_cost_usd: number | null;
  latency_ms: number;
  /** The whole outcome as JSON. */
  document: string;
}

export interface FeedbackTable {
  seq: Generated<number>;
  id: string;
  decision_id: string;
  kind: string;
  at: number;
  rating: string | null;
  score: number | null;
  tier: string | null;
  comment: string | null;
  /** JSON of tier to true or false. */
  outcome: string | null;
  api_key: string | null;
  /** When it was replaced or revoked; null while it is live. */
  ended_at: number | null;
}

export interface Tables {
  decisions: DecisionsTable;
  outcomes: OutcomesTable;
  feedback: FeedbackTable;
}
