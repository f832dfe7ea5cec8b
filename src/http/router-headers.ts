import type { Response } from 'express';
import type { Decision } from '../core/routing.ts';
import type { Handled } from '../routing/handle.ts';

function money(value: number | null | undefined): string {
  return value === null || value === undefined ? 'unknown' : String(Number(value.toPrecision(6)));
}

/** Longest value of one header; clients refuse answers whose headers are together beyond 16 KiB. */
const MAX_VALUE = 1_000;

/** The text as a header may carry it: what is not printable ASCII is percent-encoded, what is too long is cut. */
function headerText(text: string): string {
  const encoded = text.toWellFormed().replace(/[^\x20-\x7e]+/g, encodeURIComponent);
  return encoded.length > MAX_VALUE ? `${encoded.slice(0, MAX_VALUE - 3)}...` : encoded;
}

/** What is known of a decision before any answer. */
export function setDecisionHeaders(res: Response, decision: Decision): void {
  res.setHeader('x-router-decision-id', decision.id);
  res.setHeader('x-router-tier', decision.tier);
  res.setHeader('x-router-confidence', decision.confidence.toFixed(4));
  res.setHeader('x-router-source', decision.source);
  if (decision.classifier !== undefined)
    res.setHeader('x-router-classifier', headerText(decision.classifier));
  const { agentCall, bounds, batchEligible } = decision;
  if (agentCall !== undefined) res.setHeader('x-router-agent-call', agentCall);
  if (bounds) res.setHeader('x-router-bounds', headerText(bounds.from.join(', ')));
  if (bounds?.movedFrom !== undefined) res.setHeader('x-router-moved-from', bounds.movedFrom);
  if (batchEligible) res.setHeader('x-router-batch-eligible', 'true');
}

/**
 * The `x-router-*` headers of an answer. A stream's cost is not known when its headers go out: they then carry the
 * estimate and say so in `x-router-cost-kind`; the decision's record has the actual cost afterwards.
 */
export function setRouterHeaders(res: Response, handled: Handled): void {
  const { decision, candidate, result } = handled;
  setDecisionHeaders(res, decision);
  res.setHeader('x-router-model', headerText(candidate?.model ?? 'none'));
  const streams = result.kind === 'stream';
  const cost = streams ? candidate?.estimatedCostUsd : result.outcome.costUsd;
  res.setHeader('x-router-cost-usd', money(cost));
  res.setHeader('x-router-cost-kind', streams ? 'estimate' : 'actual');
  const dropped = streams ? result.dropped : (result.outcome.attempts.at(-1)?.dropped ?? []);
  if (dropped.length > 0) res.setHeader('x-router-dropped', headerText(dropped.join(', ')));
  const tier = streams ? candidate?.tier : result.outcome.tier;
  if (tier && tier !== decision.tier) res.setHeader('x-router-answered-by', tier);
  if (handled.budget !== undefined) res.setHeader('x-router-budget', headerText(handled.budget));
  if (handled.cache !== undefined) res.setHeader('x-router-cache', handled.cache);
  if (result.kind !== 'error' && result.unvalidated !== undefined) {
    res.setHeader('x-router-validation', headerText(`failed ${result.unvalidated}`));
  }
}
