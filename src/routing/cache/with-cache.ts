/** The exact-match response cache around the use case. */
import type { ChatRequest, ChatResponse, StreamFrame } from '../../core/chat.ts';
import type { Clock, Logger } from '../../core/ports.ts';
import type { CachedAnswer, ResponseCache } from '../../core/response-cache.ts';
import type { Attempt, Decision, Outcome } from '../../core/routing.ts';
import type { Store } from '../../core/store.ts';
import { keyLabel, type RequestContext, sessionOf } from '../context.ts';
import { createAssembler } from '../execution/assemble.ts';
import type { Handle, Handled, HandledResult } from '../handle.ts';
import type { LedgerEntries } from '../money/ledger-entries.ts';
import { cacheKey, cacheWishes, isCacheable } from './cache-key.ts';
import { type ReplayDeps, type Replayed, replayAnswer } from './replay-answer.ts';

export interface CacheDeps extends ReplayDeps {
  readonly cache: ResponseCache;
  readonly store: Pick<Store, 'getDecision' | 'recordDecision' | 'recordOutcome'>;
  readonly ledger: Pick<LedgerEntries, 'ofOutcome'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  /** Only requests that set `temperature: 0`. */
  readonly onlyTemperatureZero: boolean;
  /** Names, in lower case, of the headers that static routes match. */
  readonly routeHeaders: ReadonlySet<string>;
}

/** Named as the provider of answers that nobody was asked for. */
const PROVIDER = 'response-cache';
const NO_TOKENS = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

/** A plain, complete answer. Tool calls do things, so what was right once need not be right again. */
function isKeepable({ content, stopReason }: ChatResponse): boolean {
  if (stopReason !== 'stop' && stopReason !== 'stop_sequence') return false;
  return (
    content.every(({ type }) => type === 'text' || type === 'thinking') &&
    content.some((part) => part.type === 'text' && part.text !== '')
  );
}

/** The record of a decision that nobody had to make. */
function decisionOf(
  kept: CachedAnswer,
  request: ChatRequest,
  context: RequestContext,
  { newId, clock }: CacheDeps,
): Decision {
  const {
    classification: _c,
    classifier: _i,
    gate: _g,
    judge: _j,
    explored: _e,
    shadow: _s,
    ...decided
  } = kept.decision;
  const { session: _session, user: _user, apiKey: _key, ...rest } = decided;
  const session = sessionOf(request, context);
  const apiKey = keyLabel(context);
  return {
    ...rest,
    id: newId(),
    at: clock.now(),
    stream: request.stream,
    source: 'cache',
    plan: { candidates: [{ ...kept.candidate, estimatedCostUsd: 0 }], excluded: [], validators: [] },
    reasons: [`the same request was answered before, see ${kept.decision.id}`],
    propensity: 1,
    ...(session === undefined ? {} : { session }),
    ...(request.user === undefined ? {} : { user: request.user }),
    ...(apiKey === undefined ? {} : { apiKey }),
    decisionMs: clock.monotonic() - context.arrived,
  };
}

function outcomeOf(kept: CachedAnswer, decision: Decision, context: RequestContext, clock: Clock): Outcome {
  const { candidate, outcome, dropped } = kept;
  const latencyMs = clock.monotonic() - context.arrived;
  const attempt: Attempt = {
    index: 0,
    model: candidate.model,
    provider: PROVIDER,
    tier: candidate.tier,
    status: 'ok',
    usage: NO_TOKENS,
    costUsd: 0,
    latencyMs,
    dropped,
  };
  return {
    decisionId: decision.id,
    at: clock.now(),
    status: 'ok',
    tier: candidate.tier,
    model: candidate.model,
    escalated: false,
    attempts: [attempt],
    costUsd: 0,
    baselineCostUsd: outcome.baselineCostUsd,
    ...(outcome.baselineModel === undefined ? {} : { baselineModel: outcome.baselineModel }),
    latencyMs,
  };
}

async function* replay(frames: readonly StreamFrame[]): AsyncGenerator<StreamFrame> {
  yield* frames;
}

function resultOf(replayed: Replayed, outcome: Outcome, dropped: readonly string[]): HandledResult {
  if (replayed.kind === 'response') return { kind: 'response', response: replayed.response, outcome };
  const { dialect, frames } = replayed;
  return { kind: 'stream', dialect, dropped, frames: replay(frames), outcome: Promise.resolve(outcome) };
}

async function answerAgain(
  kept: CachedAnswer,
  replayed: Replayed,
  asked: { readonly request: ChatRequest; readonly context: RequestContext },
  deps: CacheDeps,
): Promise<Handled> {
  const { request, context } = asked;
  const decision = decisionOf(kept, request, context, deps);
  const outcome = outcomeOf(kept, decision, context, deps.clock);
  await deps.store.recordDecision(decision);
  await deps.store.recordOutcome(outcome, deps.ledger.ofOutcome(outcome, decision, context));
  deps.logger.info(
    { decision: decision.id, tier: decision.tier, source: decision.source, model: outcome.model },
    'request answered from the cache',
  );
  const candidate = { ...kept.candidate, estimatedCostUsd: 0 };
  return { decision, candidate, result: resultOf(replayed, outcome, kept.dropped), cache: 'hit' };
}

/** Keeps a whole answer where it may be given again. */
function keepWhole(key: string, handled: Handled, { cache }: CacheDeps): void {
  const { decision, candidate, result } = handled;
  if (!candidate || result.kind !== 'response' || result.unvalidated !== undefined) return;
  const { response, outcome } = result;
  const dropped = outcome.attempts.at(-1)?.dropped ?? [];
  if (isKeepable(response)) cache.set(key, { decision, candidate, outcome, dropped, response });
}

/** The frames as they are, collected on their way and kept once they have ended well. */
async function* collected(
  key: string,
  handled: Handled,
  result: Extract<HandledResult, { kind: 'stream' }>,
  { request, cache }: { readonly request: ChatRequest; readonly cache: ResponseCache },
): AsyncGenerator<StreamFrame> {
  const { decision, candidate } = handled;
  const { dialect, dropped } = result;
  const frames: StreamFrame[] = [];
  const assembler = createAssembler(dialect);
  let opaque = false;
  for await (const frame of result.frames) {
    frames.push(frame);
    for (const event of frame.events) {
      assembler.add(event);
      opaque ||= event.type === 'opaque';
    }
    yield frame;
  }
  const outcome = await result.outcome;
  const response = assembler.response();
  if (!candidate || opaque || outcome.status !== 'ok' || assembler.error() || !isKeepable(response)) return;
  const stream = { dialect, includeUsage: request.includeUsage ?? false, frames };
  cache.set(key, { decision, candidate, outcome, dropped, response, stream });
}

function keeping(key: string, handled: Handled, request: ChatRequest, deps: CacheDeps): Handled {
  const { result } = handled;
  if (result.kind !== 'stream') {
    keepWhole(key, handled, deps);
    return { ...handled, cache: 'miss' };
  }
  if (result.unvalidated !== undefined) return { ...handled, cache: 'miss' };
  const frames = collected(key, handled, result, { request, cache: deps.cache });
  return { ...handled, result: { ...result, frames }, cache: 'miss' };
}

/** What is kept for a request, unless its decision has been forgotten since: its answer is then forgotten too. */
async function remembered(key: string, { cache, store }: CacheDeps): Promise<CachedAnswer | undefined> {
  const kept = cache.get(key);
  if (!kept || (await store.getDecision(kept.decision.id))) return kept;
  cache.delete(key);
  return undefined;
}

/**
 * Answers a request that is the same as an earlier one of the same key with the earlier answer. It is a decision of
 * source `cache` with an outcome and a row in the ledger, all at no cost. Errors, refusals, truncated answers, tool
 * calls and answers that failed a validator are not kept. The client's `cache-control` is respected.
 */
export function withCache(handle: Handle, deps: CacheDeps): Handle {
  return async (request, context) => {
    const { read, keep } = cacheWishes(context);
    if (!keep || !isCacheable(request, deps.onlyTemperatureZero)) return handle(request, context);
    const key = cacheKey(request, context, deps.routeHeaders);
    const kept = read ? await remembered(key, deps) : undefined;
    const replayed = kept && replayAnswer(kept, request, deps);
    if (replayed) return answerAgain(kept, replayed, { request, context }, deps);
    return keeping(key, await handle(request, context), request, deps);
  };
}
