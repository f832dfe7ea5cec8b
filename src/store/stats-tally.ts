/** Sums and percentiles of one group of requests. */
import type { StatsRow } from '../core/store.ts';
import { toPicos } from './ledger-rows.ts';
import { createSample } from './sample.ts';

/** One decision with its outcome; the outcome's columns are null while there is none. */
export interface RequestRow {
  readonly at: number;
  readonly tier: string;
  readonly source: string;
  readonly decision_ms: number;
  readonly status: string | null;
  readonly model: string | null;
  readonly escalated: number | null;
  readonly latency_ms: number | null;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cached_input_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly cost_usd: number | null;
  readonly baseline_cost_usd: number | null;
  readonly baseline_model: string | null;
}

/** One live feedback. */
export interface VoteRow {
  readonly decided: string;
  readonly model: string | null;
  readonly rating: string | null;
  readonly score: number | null;
  readonly tier: string | null;
  readonly comment: string | null;
}

export interface StatsTally {
  request(row: RequestRow): void;
  vote(row: VoteRow): void;
  row(): StatsRow;
}

const NO_COUNTS = {
  requests: 0,
  ok: 0,
  failed: 0,
  cancelled: 0,
  escalated: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  unknownCost: 0,
};

export function createStatsTally(): StatsTally {
  const counts = { ...NO_COUNTS };
  const votes = { up: 0, down: 0, scores: 0, corrections: 0, comments: 0 };
  const latency = createSample();
  const decision = createSample();
  let scored = 0;
  let picos = 0n;
  return {
    request(row) {
      counts.requests++;
      decision.add(row.decision_ms);
      if (row.status === null) return;
      if (row.status === 'ok' || row.status === 'failed' || row.status === 'cancelled') counts[row.status]++;
      counts.escalated += Number(row.escalated);
      counts.inputTokens += Number(row.input_tokens);
      counts.outputTokens += Number(row.output_tokens);
      counts.cachedInputTokens += Number(row.cached_input_tokens);
      counts.reasoningTokens += Number(row.reasoning_tokens);
      if (row.latency_ms !== null) latency.add(row.latency_ms);
      if (row.cost_usd === null) counts.unknownCost++;
      else picos += BigInt(toPicos(row.cost_usd));
    },
    vote({ rating, score, tier, comment }) {
      if (rating === 'up' || rating === 'down') votes[rating]++;
      if (score !== null) {
        votes.scores++;
        scored += score;
      }
      if (tier !== null) votes.corrections++;
      if (comment !== null) votes.comments++;
    },
    row() {
      const { unknownCost, ...sums } = counts;
      const finished = counts.ok + counts.failed + counts.cancelled;
      return {
        ...sums,
        escalationRate: finished === 0 ? null : counts.escalated / finished,
        costUsd: Number(picos) / 1e12,
        unknownCost,
        latencyMs: { p50: latency.percentile(50), p99: latency.percentile(99) },
        decisionMs: { p50: decision.percentile(50), p99: decision.percentile(99) },
        feedback: { ...votes, meanScore: votes.scores === 0 ? null : scored / votes.scores },
      };
    },
  };
}
