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
  /** Of one token of what is asked; null where the text is not kept as words. */
  token_bucket: string | null;
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
  /** The model the baseline is of. */
  baseline_model: string | null;
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

/** Amounts are whole picodollars (1e-12 USD), so that sums are exact; null is unknown. */
export interface LedgerTable {
  seq: Generated<number>;
  /** See LedgerEntry.request. */
  request: string;
  kind: string;
  position: number;
  at: number;
  api_key: string | null;
  key_name: string | null;
  team: string | null;
  end_user: string | null;
  session: string | null;
  route: string | null;
  validator: string | null;
  requested_model: string;
  requested_tier: string | null;
  decided_tier: string;
  source: string;
  model: string;
  provider: string;
  tier: string;
  status: string;
  input_tokens: number | null;
  output_tokens: number | null;
  cached_input_tokens: number | null;
  cache_write_tokens: number | null;
  cache_write_1h_tokens: number | null;
  reasoning_tokens: number | null;
  /** JSON of the unit prices applied; null where the model has none. */
  price: string | null;
  /** ISO date. */
  price_as_of: string | null;
  cost_picos: number | null;
  estimate_picos: number | null;
  /** 1 on the one row of a request that carries its counterfactual. */
  compared: number;
  counterfactual_model: string | null;
  counterfactual_picos: number | null;
  batch_eligible: number;
}

export interface ApiKeysTable {
  /** Of the key, which itself is nowhere. */
  sha256: string;
  /** See Caller.key. */
  label: string;
  name: string;
  team: string | null;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  /** JSON of scopes, models, tiers, limits and budget. */
  rights: string;
}

export interface Tables {
  api_keys: ApiKeysTable;
  ledger: LedgerTable;
  decisions: DecisionsTable;
  outcomes: OutcomesTable;
  feedback: FeedbackTable;
}
