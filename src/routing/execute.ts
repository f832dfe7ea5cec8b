/** One arrow of the drawing: a plan in, an answer out. Walks the candidates, keeps a trace of every attempt. */
import type { ChatRequest, ChatResponse } from '../core/chat.ts';
import { asRouterError, RouterError } from '../core/errors.ts';
import type { Clock, Provider, ProviderStream, Validator } from '../core/ports.ts';
import type { Attempt, Candidate, ModelSpec, Plan } from '../core/routing.ts';
import { createAttemptLog } from './attempt-log.ts';
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

export function createExecute(deps: ExecuteDeps): Execute {
  const specs = new Map(deps.models.map((model) => [model.id, model]));

  return async (plan, request, signal) => {
    const sent = withCeiling(request, plan);
    const validators = deps.validators(plan.validators);
    const log = createAttemptLog(deps.clock, (model) => specs.get(model)?.price);
    const started = deps.clock.monotonic();

    /** One call of one model, traced. */
    const attempt = async (candidate: Candidate): Promise<Tried> => {
      const provider = deps.provider(candidate.provider);
      const spec = specs.get(candidate.model);
      const entry = log.start(candidate);
      try {
        if (!provider || !spec)
          throw new RouterError('internal', `Model ${candidate.model} has no provider.`);
        const call = { request: sent, upstreamModel: spec.upstreamModel, signal };
        if (!sent.stream) {
          const { response, dropped } = await provider.complete(call);
          const rejection = failedVerdict(validators, response, sent);
          entry.end({
            dropped,
            ...(response.usage ? { usage: response.usage } : {}),
            ...(rejection ? { rejection } : {}),
          });
          return { committed: { kind: 'response', response }, rejection };
        }
        const stream = await provider.stream(call);
        const committed = await commitStream(stream, { entry, validators, request: sent });
        return { committed, rejection: committed.rejection };
      } catch (error) {
        const failure = signal.aborted
          ? new RouterError('client_closed', 'The client went away.')
          : asRouterError(error);
        entry.end({ error: failure });
        throw failure;
      }
    };

    let last: RouterError | undefined;
    let delivered: { candidate: Candidate; tried: Tried } | undefined;
    let tierFloor: string | undefined;
    for (const candidate of plan.candidates.slice(0, deps.maxAttempts)) {
      if (deps.clock.monotonic() - started > deps.deadlineMs) break;
      if (candidate.tier === tierFloor) continue;
      try {
        const tried = await deps.retry(() => attempt(candidate), signal);
        delivered = { candidate, tried };
        if (!tried.rejection) break;
        tierFloor = candidate.tier;
      } catch (error) {
        last = asRouterError(error);
        if (isFinal(last)) break;
      }
    }
    if (!delivered) throw new ExecutionError(exhausted(last, log.attempts), log.attempts);
    const { candidate, tried } = delivered;
    return {
      candidate,
      answer: tried.committed,
      attempts: log.attempts,
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
