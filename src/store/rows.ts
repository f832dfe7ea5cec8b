/** Pure mappings between the domain and the tables. */
import { createHash } from 'node:crypto';
import type { Insertable, Selectable } from 'kysely';
import type { Usage } from '../core/chat.ts';
import type { Decision, Feedback, FeedbackKind, Outcome } from '../core/routing.ts';
import type { FeedbackInput } from '../core/store.ts';
import { isTier, TIERS } from '../core/tier.ts';
import { factsBucket, tokenBucket } from '../core/traffic.ts';
import type { DecisionsTable, FeedbackTable, OutcomesTable } from './schema.ts';

/** 16 hex digits by which the same kept text is found again; null for none. */
export function textHash(text: string): string | null {
  return text === '' ? null : createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export function decisionRow(decision: Decision): Insertable<DecisionsTable> {
  const { text, ...document } = decision;
  const asked = decision.judge && !decision.judge.cached && decision.judge.model !== undefined;
  return {
    id: decision.id,
    at: decision.at,
    tier: decision.tier,
    source: decision.source,
    session: decision.session ?? null,
    api_key: decision.apiKey ?? null,
    end_user: decision.user ?? null,
    text_hash: textHash(text),
    classifier: decision.classifier ?? null,
    classified_tier: decision.classification?.tier ?? null,
    confidence: decision.classification?.confidence ?? null,
    judge_tier: decision.judge?.tier ?? null,
    prompt_tokens: decision.inputTokens,
    facts: factsBucket(text),
    token_bucket: tokenBucket(text),
    shadow_classifier: decision.shadow?.classifier ?? null,
    shadow_tier: decision.shadow?.tier ?? null,
    decision_ms: decision.decisionMs,
    judge_cost_usd: decision.judge?.costUsd ?? null,
    judge_asked: asked ? 1 : 0,
    text,
    document: JSON.stringify(document),
  };
}

export function decisionOf(row: Pick<Selectable<DecisionsTable>, 'text' | 'document'>): Decision {
  return { ...(JSON.parse(row.document) as Omit<Decision, 'text'>), text: row.text };
}

function tokens(outcome: Outcome, field: keyof Usage): number {
  return outcome.attempts.reduce((sum, attempt) => sum + (attempt.usage?.[field] ?? 0), 0);
}

export function outcomeRow(outcome: Outcome): Insertable<OutcomesTable> {
  return {
    decision_id: outcome.decisionId,
    at: outcome.at,
    status: outcome.status,
    model: outcome.model ?? null,
    escalated: outcome.escalated ? 1 : 0,
    rejected: outcome.attempts.some((attempt) => attempt.status === 'rejected') ? 1 : 0,
    input_tokens: tokens(outcome, 'inputTokens'),
    output_tokens: tokens(outcome, 'outputTokens'),
    cached_input_tokens: tokens(outcome, 'cachedInputTokens'),
    reasoning_tokens: tokens(outcome, 'reasoningTokens'),
    cost_usd: outcome.costUsd,
    baseline_cost_usd: outcome.baselineCostUsd,
    baseline_model: outcome.baselineModel ?? null,
    latency_ms: outcome.latencyMs,
    document: JSON.stringify(outcome),
  };
}

/** The tiers in their order, so that the same outcome has the same text. */
function outcomeText(outcome: FeedbackInput['outcome']): string | null {
  if (!outcome) return null;
  return JSON.stringify(
    Object.fromEntries(TIERS.flatMap((tier) => (outcome[tier] === undefined ? [] : [[tier, outcome[tier]]]))),
  );
}

export function feedbackRow(feedback: FeedbackInput, id: string, at: number): Insertable<FeedbackTable> {
  return {
    id,
    decision_id: feedback.decisionId,
    kind: feedback.kind,
    at,
    rating: feedback.rating ?? null,
    score: feedback.score ?? null,
    tier: feedback.tier ?? null,
    comment: feedback.comment ?? null,
    outcome: outcomeText(feedback.outcome),
    api_key: feedback.apiKey ?? null,
    ended_at: null,
  };
}

export function feedbackOf(row: Selectable<FeedbackTable>): Feedback {
  return {
    id: row.id,
    decisionId: row.decision_id,
    kind: row.kind as FeedbackKind,
    at: Number(row.at),
    ...(row.rating === 'up' || row.rating === 'down' ? { rating: row.rating } : {}),
    ...(row.score === null ? {} : { score: row.score }),
    ...(isTier(row.tier) ? { tier: row.tier } : {}),
    ...(row.comment === null ? {} : { comment: row.comment }),
    ...(row.outcome === null ? {} : { outcome: JSON.parse(row.outcome) as Feedback['outcome'] & object }),
    ...(row.api_key === null ? {} : { apiKey: row.api_key }),
  };
}
