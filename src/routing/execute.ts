/** One arrow of the drawing: a plan in, an answer out. Walks the candidates, keeps a trace of every attempt. */
import type { ChatRequest, ChatResponse } from '../core/chat.ts';
import { asRouterError, clientGone, RouterError } from '../core/errors.ts';
import type { Clock, Provider, ProviderStream, Validator } from '../core/ports.ts';
import type { Attempt, Candidate, ModelSpec, Plan } from '../core/routing.ts';
import { type AttemptEntry, type AttemptLog, createAttemptLog } from './attempt-log.ts';
import { type Committed, commitStream } from './commit-stream.ts';
import { failedVerdict } from './verdict.ts';

/** Runs `work` again while it fails in a passing way; composed from a library outside. */
export type Retry = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>;

export interface ExecuteDeps {
  readonly models: readonly ModelSpec[];
  readonly provider: (id: string) => Provider | undefined;
  readonly validators: (names: readonly string[]) => readonly Validator[];
  readonly retry: Retry;
  readonly clock: Clock;
  /** Most models tried for one request. */
  readonly maxAttempts: number;
  /** After this many milliseconds no further model is tried. */
  readonly deadlineMs: number;
}

export type Answer =
  | { readonly kind: 'response'; readonly response: ChatResponse }
  /** The last attempt of the trace is complete only when `frames` has ended. */
  | { readonly kind: 'stream'; readonly stream: ProviderStream };

export interface Executed {
  readonly candidate: Candidate;
  readonly answer: Answer;
  /** Live: grows until the answer is complete. */
  readonly attempts: readonly Attempt[];
  /** The last answer failed this validator and was delivered because no tier was left to try. */
  readonly unvalidated?: string;
}

/** A request failed at every candidate; carries the trace. */
export class ExecutionError extends Error {
  readonly error: RouterError;
  readonly attempts: readonly Attempt[];
  constructor(error: RouterError, attempts: readonly Attempt[]) {
    super(error.message, { cause: error });
    this.error = error;
    this.attempts = attempts;
  }
}

export type Execute = (plan: Plan, request: ChatRequest, signal: AbortSignal) => Promise<Executed>;

/** An error that would meet the same request at every other model. */
function isFinal(error: RouterError): boolean {
  if (error.code === 'client_closed' || error.code === 'invalid_request') return true;
  return error.code === 'upstream_rejected' && error.upstreamStatus !== 404;
}

interface Tried {
  readonly committed: Committed;
  readonly rejection: { readonly name: string; readonly reason: string } | undefined;
}

/** What all attempts of one request share. */
interface Run {
  readonly request: ChatRequest;
  readonly validators: readonly Validator[];
  readonly log: AttemptLog;
  readonly signal: AbortSignal;
  readonly late: () => boolean;
}

export function createExecute(deps: ExecuteDeps): Execute {
  const specs = new Map(deps.models.map((model) => [model.id, model]));

  async function call(candidate: Candidate, entry: AttemptEntry, run: Run): Promise<Tried> {
    const { request, validators, signal } = run;
    const provider = deps.provider(candidate.provider);
    const spec = specs.get(candidate.model);
    if (!provider || !spec) throw new RouterError('internal', `Model ${candidate.model} has no provider.`);
    const sent = { request, upstreamModel: spec.upstreamModel, signal };
    if (request.stream) {
      const stream = await provider.stream(sent);
      entry.note({ dropped: stream.dropped });
      const committed = await commitStream(stream, { entry, validators, request, signal });
      return { committed, rejection: committed.rejection };
    }
    const { response, dropped } = await provider.complete(sent);
    const rejection = await failedVerdict(validators, response, request, { signal, paid: entry.paid });
    entry.note({ dropped, ...(response.usage ? { usage: response.usage } : {}) });
    entry.end(rejection ? { rejection } : {});
    return { committed: { kind: 'response', response }, rejection };
  }

  /** One call of one model, traced. */
  async function attempt(candidate: Candidate, run: Run): Promise<Tried> {
    if (run.signal.aborted) throw clientGone();
    if (run.late()) throw new RouterError('overloaded', 'The deadline passed before another attempt.');
    const entry = run.log.start(candidate);
    try {
      return await call(candidate, entry, run);
    } catch (thrown) {
      const error = run.signal.aborted ? clientGone() : asRouterError(thrown);
      entry.end({ error });
      throw error;
    }
  }

  /** The first answer that passes its validators; else the last that did not; else what the last attempt died of. */
  async function walk(plan: Plan, run: Run): Promise<{ candidate: Candidate; tried: Tried }> {
    let last: RouterError | undefined;
    let rejected: { candidate: Candidate; tried: Tried } | undefined;
    let models = 0;
    for (const candidate of plan.candidates) {
      if (models === deps.maxAttempts || run.late()) break;
      if (candidate.tier === rejected?.candidate.tier) continue;
      models += 1;
      try {
        const tried = await deps.retry(() => attempt(candidate, run), run.signal);
        if (!tried.rejection) return { candidate, tried };
        rejected = { candidate, tried };
      } catch (error) {
        last = run.late() && last ? last : asRouterError(error);
        if (isFinal(last)) break;
      }
    }
    if (rejected && !run.signal.aborted) return rejected;
    const error = run.signal.aborted ? clientGone() : exhausted(last, run.log.attempts);
    throw new ExecutionError(error, run.log.attempts);
  }

  return async (plan, request, signal) => {
    const started = deps.clock.monotonic();
    const run: Run = {
      request: withCeiling(request, plan),
      validators: deps.validators(plan.validators),
      log: createAttemptLog(deps.clock, (model) => specs.get(model)?.price),
      signal,
      late: () => deps.clock.monotonic() - started > deps.deadlineMs,
    };
    const { candidate, tried } = await walk(plan, run);
    return {
      candidate,
      answer: tried.committed,
      attempts: run.log.attempts,
      ...(tried.rejection ? { unvalidated: tried.rejection.name } : {}),
    };
  };
}

function withCeiling(request: ChatRequest, plan: Plan): ChatRequest {
  return plan.maxOutputTokens === undefined ? request : { ...request, maxOutputTokens: plan.maxOutputTokens };
}

function exhausted(last: RouterError | undefined, attempts: readonly Attempt[]): RouterError {
  if (!last) return new RouterError('overloaded', 'No model could be tried before the deadline.');
  const models = new Set(attempts.map((attempt) => attempt.model));
  if (isFinal(last) || models.size === 1) return last;
  const details = {
    cause: last,
    ...(last.retryAfterSeconds ? { retryAfterSeconds: last.retryAfterSeconds } : {}),
  };
  return new RouterError(
    'overloaded',
    `All ${models.size} models of the plan failed; the last said: ${last.message}`,
    details,
  );
}
