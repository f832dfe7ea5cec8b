/** Feedback in; decisions and statistics out. */
import type { RequestHandler, Response } from 'express';
import { RouterError } from '../../core/errors.ts';
import type { FeedbackKind } from '../../core/routing.ts';
import type { FeedbackInput, StoredDecision } from '../../core/store.ts';
import { keyLabel } from '../../routing/context.ts';
import { alarmsOf } from '../../routing/monitoring/alarms.ts';
import { maySee, ownOnly } from '../auth.ts';
import type { HttpDeps } from '../deps.ts';
import { parseBody } from '../parse-body.ts';
import { contextOf } from '../request-context.ts';
import { feedbackRequest, statsQuery, windowOf } from '../schemas.ts';
import { classifiersToWire, statsToWire, toWire } from '../wire.ts';

const KINDS = ['rating', 'score', 'tier', 'outcome', 'comment'] as const satisfies readonly FeedbackKind[];

/** The decision with this id; that of somebody else is unknown to the caller. Throws `unknown_decision`. */
async function visibleDecision(
  deps: Pick<HttpDeps, 'store'>,
  res: Response,
  id: string,
  field: string,
): Promise<StoredDecision> {
  const stored = await deps.store.getDecision(id);
  if (stored && maySee(res, stored.decision.apiKey)) return stored;
  throw new RouterError('unknown_decision', `${field}: no decision has this id.`, { field });
}

/** `POST /v1/feedback`. */
export function createFeedback(deps: HttpDeps): RequestHandler {
  return async (req, res) => {
    const body = parseBody(feedbackRequest, req.body);
    const { decision_id: decisionId } = body;
    await visibleDecision(deps, res, decisionId, 'decision_id');
    const at = deps.clock.now();
    if (body.revoke) {
      const { revoked } = await deps.store.revokeFeedback(decisionId, at);
      res.json({ decision_id: decisionId, recorded: [], replaced: false, revoked });
      return;
    }
    const apiKey = keyLabel(contextOf(req, res, deps.clock));
    const recorded = KINDS.filter((kind) => body[kind] !== undefined);
    const inputs = recorded.map((kind): FeedbackInput => {
      const by = apiKey === undefined ? {} : { apiKey };
      return { decisionId, kind, [kind]: body[kind], ...by };
    });
    const { replaced } = await deps.store.addFeedback(inputs, at);
    res.json({ decision_id: decisionId, recorded, replaced: replaced > 0, revoked: 0 });
  };
}

/** `GET /v1/decisions/:id`. */
export function createDecisions(deps: HttpDeps): RequestHandler {
  return async (req, res) => {
    const stored = await visibleDecision(deps, res, String(req.params.id), 'id');
    res.json({
      decision: toWire(stored.decision),
      outcome: stored.outcome ? toWire(stored.outcome) : null,
      feedback: toWire(stored.feedback),
    });
  };
}

/** `GET /v1/stats`: of the whole router, or of the caller's key alone, which sees nothing of classifiers and alarms. */
export function createStats(deps: HttpDeps): RequestHandler {
  return async (req, res) => {
    const window = windowOf(parseBody(statsQuery, { ...req.query }), deps.clock.now());
    if (window.from >= window.to) {
      throw new RouterError('invalid_request', 'from: must be before to.', { field: 'from' });
    }
    const own = ownOnly(res);
    if (own !== undefined) {
      const stats = statsToWire(await deps.store.stats(window, own));
      res.json({ ...stats, by_classifier: {}, lineup: toWire(deps.lineup()), alarms: [] });
      return;
    }
    const before = { from: 2 * window.from - window.to, to: window.from };
    const drift = { now: await deps.store.drift(window), before: await deps.store.drift(before) };
    const [stats, classifiers] = [await deps.store.stats(window), await deps.store.classifierStats(window)];
    res.json({
      ...statsToWire(stats),
      by_classifier: classifiersToWire(classifiers),
      lineup: toWire(deps.lineup()),
      alarms: toWire(alarmsOf(drift.now, drift.before, deps.trainedOn())),
    });
  };
}
