import type { Response } from 'express';
import type { JsonObject } from '../core/json.ts';
import { DECISION_SOURCES, type Decision } from '../core/routing.ts';
import type { Handled } from '../routing/handle.ts';
import { asWritten } from './as-written.ts';

/** The headers of an answer, and what they say. */
export const ROUTER_HEADERS: Readonly<Record<string, string>> = {
  'x-router-decision-id': 'Id of the decision; feedback names it.',
  'x-router-tier': 'The tier that was decided.',
  'x-router-confidence': "The classifier's calibrated confidence, 0 to 1; 1 for overrides and static routes.",
  'x-router-source': `Who decided: ${DECISION_SOURCES.join(', ')}.`,
  'x-router-classifier': 'Id of the bundle that classified; absent where none was asked.',
  'x-router-agent-call':
    'Kind of the call that a coding agent made on its own account; absent for what its user asks.',
  'x-router-bounds':
    'What limited the choice, and what set it; `not kept:` what yielded to a stronger limit. Absent where nothing limited it.',
  'x-router-moved-from': 'The tier that would have been chosen without the limits, where they moved it.',
  'x-router-batch-eligible': '`true` where the request is marked as one that can wait.',
  'x-router-model': 'Id of the model that answers, or `none`.',
  'x-router-answered-by': 'Tier of the model that answers, where it is not the one that was decided.',
  'x-router-cost-usd': 'Cost in USD, or `unknown`.',
  'x-router-cost-kind': '`actual`, or `estimate` for a stream.',
  'x-router-dropped':
    'What the answering format has no place for and was left out; absent where nothing was.',
  'x-router-budget': 'The soft limits of budgets that are passed; absent where none is.',
  'x-router-cache': '`hit` or `miss`, where the response cache was asked.',
  'x-router-validation': '`failed` and the validator that the answer failed, no tier being left to try.',
};

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
function setDecisionHeaders(res: Response, decision: Decision): void {
  res.setHeader('x-router-decision-id', decision.id);
  res.setHeader('x-router-tier', decision.tier);
  res.setHeader('x-router-confidence', decision.confidence.toFixed(4));
  res.setHeader('x-router-source', decision.source);
  if (decision.classifier !== undefined)
    res.setHeader('x-router-classifier', headerText(decision.classifier));
  const { agentCall, bounds, batchEligible } = decision;
  if (agentCall !== undefined) res.setHeader('x-router-agent-call', agentCall);
  if (bounds) {
    const yielded = (bounds.yielded ?? []).map((limit) => `not kept: ${limit}`);
    res.setHeader('x-router-bounds', headerText([...bounds.from, ...yielded].join(', ')));
  }
  if (bounds?.movedFrom !== undefined) res.setHeader('x-router-moved-from', bounds.movedFrom);
  if (batchEligible) res.setHeader('x-router-batch-eligible', 'true');
}

/**
 * The `x-router-*` headers of an answer. A stream's cost is not known when its headers go out: they then carry the
 * estimate and say so in `x-router-cost-kind`; the decision's record has the actual cost afterwards.
 */
export function setRouterHeaders(res: Response, handled: Handled, body: JsonObject = {}): void {
  const { decision, candidate, result } = handled;
  setDecisionHeaders(res, decision);
  res.setHeader('x-router-model', headerText(candidate?.model ?? 'none'));
  const streams = result.kind === 'stream';
  const cost = streams ? candidate?.estimatedCostUsd : result.outcome.costUsd;
  res.setHeader('x-router-cost-usd', money(cost));
  res.setHeader('x-router-cost-kind', streams ? 'estimate' : 'actual');
  const dropped = streams ? result.dropped : (result.outcome.attempts.at(-1)?.dropped ?? []);
  if (dropped.length > 0) {
    const names = new Set(dropped.map((name) => asWritten(name, body)));
    res.setHeader('x-router-dropped', headerText([...names].join(', ')));
  }
  const tier = streams ? candidate?.tier : result.outcome.tier;
  if (tier && tier !== decision.tier) res.setHeader('x-router-answered-by', tier);
  if (handled.budget !== undefined) res.setHeader('x-router-budget', headerText(handled.budget));
  if (handled.cache !== undefined) res.setHeader('x-router-cache', handled.cache);
  if (result.kind !== 'error' && result.unvalidated !== undefined) {
    res.setHeader('x-router-validation', headerText(`failed ${result.unvalidated}`));
  }
}
