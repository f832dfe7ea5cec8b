/** The router's own endpoints: a tier and a response, or the tier alone. */
import type { RequestHandler } from 'express';
import type { z } from 'zod';
import type { ChatRequest, ChatResponse } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import type { Decision } from '../../core/routing.ts';
import type { RequestContext } from '../../routing/context.ts';
import type { HttpDeps } from '../deps.ts';
import { parseBody } from '../parse-body.ts';
import { contextOf } from '../request-context.ts';
import { setRouterHeaders } from '../router-headers.ts';
import { classifyBatch, routeRequest } from '../schemas.ts';
import { toWire } from '../wire.ts';

type RouteBody = z.output<typeof routeRequest>;

/** Path under which a plain request is matched by static routes. */
const ROUTE_PATH = '/v1/route';
/** Decisions of a batch that are made at once, so that questions to the judge overlap. */
const CONCURRENCY = 16;

function decode(body: RouteBody, deps: HttpDeps): ChatRequest {
  const { prompt, messages, ...rest } = body;
  if (rest.stream === true) {
    throw new RouterError('invalid_request', 'stream: not available here; use /v1/chat/completions.', {
      field: 'stream',
    });
  }
  const spoken = messages ?? [{ role: 'user', content: prompt }];
  return deps.dialects['openai-chat'].decodeRequest({ ...rest, messages: spoken });
}

function summary(decision: Decision, model: string | undefined) {
  return {
    tier: decision.tier,
    confidence: decision.confidence,
    sufficiency: decision.classification?.sufficiency ?? null,
    source: decision.source,
    model: model ?? null,
    reasons: decision.reasons,
    ...(decision.agentCall === undefined ? {} : { agent_call: decision.agentCall }),
    ...(decision.bounds ? { bounds: toWire(decision.bounds) } : {}),
    ...(decision.batchEligible ? { batch_eligible: true } : {}),
  };
}

/** The models a dry run would ask, in order, and those it leaves out. */
function planOf({ plan }: Decision) {
  return {
    candidates: plan.candidates.map(({ model, tier, estimatedCostUsd, reason }) => ({
      model,
      tier,
      estimated_cost_usd: estimatedCostUsd,
      reason,
    })),
    excluded: toWire(plan.excluded),
  };
}

function visible(response: ChatResponse) {
  const calls = response.content.filter((part) => part.type === 'tool_call');
  const text = response.content.map((part) =>
    part.type === 'text' || part.type === 'refusal' ? part.text : '',
  );
  const toolCalls = calls.map((call) => ({ id: call.id, name: call.name, arguments: call.arguments }));
  return {
    response: text.join(''),
    ...(calls.length === 0 ? {} : { tool_calls: toolCalls }),
    usage: response.usage ? toWire(response.usage) : null,
  };
}

/** `POST /v1/route`: routes and answers. */
export function createRoute(deps: HttpDeps): RequestHandler {
  return async (req, res) => {
    const context = contextOf(req, res, deps.clock);
    const handled = await deps.handle(decode(parseBody(routeRequest, req.body), deps), context);
    setRouterHeaders(res, handled);
    const { result, decision, candidate } = handled;
    if (result.kind === 'error') throw result.error;
    if (result.kind === 'stream') throw new RouterError('internal', 'A stream where none was asked for.');
    res.json({
      decision_id: decision.id,
      ...summary(decision, candidate?.model),
      ...visible(result.response),
      cost_usd: result.outcome.costUsd,
    });
  };
}

/** An error of one input of several, which it names. */
function atInput(error: unknown, index: number): unknown {
  if (!(error instanceof RouterError)) return error;
  const input = `inputs[${index}]`;
  const { code, field, message } = error;
  if (field === undefined) return new RouterError(code, `${input}: ${message}`, { field: input });
  return new RouterError(code, `${input}.${message}`, { field: `${input}.${field}` });
}

/** Decodes every input before any is decided. */
function decodeAll({ inputs, single }: Batch, deps: HttpDeps): ChatRequest[] {
  return inputs.map((body, index) => {
    try {
      return decode(body, deps);
    } catch (error) {
      throw single ? error : atInput(error, index);
    }
  });
}

async function decideAll(batch: Batch, context: RequestContext, deps: HttpDeps): Promise<Decision[]> {
  const requests = decodeAll(batch, deps);
  const decisions: Decision[] = [];
  for (let start = 0; start < requests.length; start += CONCURRENCY) {
    const slice = requests.slice(start, start + CONCURRENCY);
    const decided = slice.map((request, index) =>
      deps.decide(request, context).catch((error: unknown) => {
        throw batch.single ? error : atInput(error, start + index);
      }),
    );
    decisions.push(...(await Promise.all(decided)));
  }
  return decisions;
}

interface Batch {
  readonly inputs: readonly RouteBody[];
  readonly single: boolean;
  readonly path: string;
}

function batchOf(body: unknown): Batch {
  const several = Array.isArray(body) ? { inputs: body } : body;
  if (typeof several === 'object' && several !== null && 'inputs' in several) {
    const { inputs, path } = parseBody(classifyBatch, several);
    return { inputs, single: false, path: path ?? ROUTE_PATH };
  }
  const { path, ...input } = parseBody(routeRequest, body) as RouteBody & { path?: unknown };
  return { inputs: [input], single: true, path: typeof path === 'string' ? path : ROUTE_PATH };
}

/**
 * `POST /v1/classify`: the decisions the live requests would get, without calling the models that would answer.
 * `path` says for which endpoint's static routes; nothing is recorded.
 */
export function createClassify(deps: HttpDeps): RequestHandler {
  return async (req, res) => {
    const batch = batchOf(req.body);
    const context = { ...contextOf(req, res, deps.clock), path: batch.path };
    const decisions = await decideAll(batch, context, deps);
    const results = decisions.map((decision) => ({
      ...summary(decision, decision.plan.candidates[0]?.model),
      ...(batch.single ? { plan: planOf(decision) } : {}),
    }));
    res.json(batch.single ? results[0] : { results });
  };
}
