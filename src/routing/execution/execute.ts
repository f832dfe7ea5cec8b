/** One arrow of the drawing: a plan in, an answer out. Walks the candidates, keeps a trace of every attempt. */
import { lossesOf } from '../../core/answer-losses.ts';
import type { ChatRequest, ChatResponse } from '../../core/chat.ts';
import { abortedBy, asRouterError, clientGone, RouterError } from '../../core/errors.ts';
import type { Clock, Provider, ProviderStream, Validator } from '../../core/ports.ts';
import type { Attempt, Candidate, CommitMode, ModelSpec, Plan } from '../../core/routing.ts';
import { tierRank } from '../../core/tier.ts';
import { type AttemptBudget, createAttemptBudget, isFinal } from './attempt-budget.ts';
import { type AttemptEntry, type AttemptLog, createAttemptLog } from './attempt-log.ts';
import { commitStream } from './commit-stream.ts';
import type { PrefixBounds } from './hold.ts';
import { createRequestDeadline } from './request-deadline.ts';
import { failedVerdict, type Rejection } from './verdict.ts';

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
  /** Most upstream calls made for one request, retries among them. */
  readonly maxCalls: number;
  /** Milliseconds in which an answer must be complete, or its stream committed. */
  readonly deadlineMs: number;
  /** Where the plan says nothing; `auto`: buffered where the route names validators, else direct. */
  readonly commit: CommitMode | 'auto';
  readonly prefix: PrefixBounds;
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

interface Tried {
  /** Absent where a stream was given up because of its beginning. */
  readonly answer?: Answer | undefined;
  readonly rejection?: Rejection | undefined;
}

/** What all attempts of one request share. */
interface Run {
  readonly request: ChatRequest;
  readonly validators: readonly Validator[];
  readonly log: AttemptLog;
  /** Of the client. */
  readonly client: AbortSignal;
  /** Of the client and of the deadline, which ends with the answer's commitment. */
  readonly signal: AbortSignal;
  readonly mode: CommitMode;
  readonly budget: AttemptBudget;
}

/** How one model is tried. */
interface Turn {
  readonly candidate: Candidate;
  readonly mode: CommitMode;
  /** Another model can be tried after it. */
  readonly hasNext: boolean;
  /** Another tier can be tried after it. */
  readonly canEscalate: boolean;
}

interface Rejected {
  readonly candidate: Candidate;
  readonly tried: Tried & { readonly rejection: Rejection };
}

/** An answer that did not pass is followed by one of a higher tier only: a plan may begin with a model kept from above. */
function isAbove({ tier }: Candidate, rejected: Candidate | undefined): boolean {
  return rejected === undefined || tierRank(tier) > tierRank(rejected.tier);
}

export function createExecute(deps: ExecuteDeps): Execute {
  const specs = new Map(deps.models.map((model) => [model.id, model]));
  const windowOf = ({ model }: Candidate): number => specs.get(model)?.contextWindow ?? 0;

  async function call(turn: Turn, entry: AttemptEntry, run: Run): Promise<Tried> {
    const { request, validators, signal } = run;
    const { candidate, mode, canEscalate } = turn;
    const provider = deps.provider(candidate.provider);
    const spec = specs.get(candidate.model);
    if (!provider || !spec) throw new RouterError('internal', `Model ${candidate.model} has no provider.`);
    const sent = { request: asking(request, validators, spec), upstreamModel: spec.upstreamModel, signal };
    if (request.stream) {
      const source = await provider.stream(sent);
      entry.note({ dropped: source.dropped });
      const { prefix } = deps;
      const options = { entry, validators, request, signal, mode, prefix, canEscalate };
      const { stream, rejection } = await commitStream(source, options);
      return { answer: stream && { kind: 'stream', stream }, rejection };
    }
    const { response, dropped: left } = await provider.complete(sent);
    const dropped = response.dialect === request.dialect ? left : [...left, ...lossesOf(response)];
    const { usage, logprobs } = response;
    entry.note({ dropped, ...(usage ? { usage } : {}), ...(logprobs ? { logprobs } : {}) });
    const rejection = await failedVerdict(validators, response, request, { signal, paid: entry.paid });
    entry.end(rejection ? { rejection } : {});
    return { answer: { kind: 'response', response }, rejection };
  }

  /** One call of one model, traced. */
  async function attempt(turn: Turn, run: Run): Promise<Tried> {
    if (run.signal.aborted) throw abortedBy(run.signal);
    if (run.budget.spent())
      throw new RouterError('overloaded', 'The calls or the time that one request may take are used up.');
    const entry = run.log.start(turn.candidate);
    try {
      const tried = await call(turn, entry, run);
      run.budget.called(turn.candidate.model);
      return tried;
    } catch (thrown) {
      const cause = asRouterError(thrown);
      const error = run.signal.aborted && !cause.unsent ? abortedBy(run.signal) : cause;
      run.budget.failed(turn.candidate.model, error);
      entry.end({ error });
      throw error;
    }
  }

  /**
   * The model tried, again where that may help; its error where it did not answer. One that let a timeout pass is not
   * waited for twice while another can be tried.
   */
  async function tryModel(turn: Turn, run: Run): Promise<Tried | RouterError> {
    const once = async (): Promise<Tried | RouterError> => {
      try {
        return await attempt(turn, run);
      } catch (error) {
        const slow = error instanceof RouterError && error.code === 'upstream_timeout';
        if (slow && turn.hasNext) return error;
        throw error;
      }
    };
    try {
      return await deps.retry(once, run.signal);
    } catch (error) {
      return asRouterError(error);
    }
  }

  /** The first answer that passes its validators; else the last that did not. */
  async function walk(
    plan: Plan,
    run: Run,
  ): Promise<{ readonly answered?: { candidate: Candidate; tried: Tried }; readonly rejected?: Rejected }> {
    const { budget } = run;
    let rejected: Rejected | undefined;
    let tooSmall = 0;
    for (const [position, candidate] of plan.candidates.entries()) {
      if (budget.models() === deps.maxAttempts || budget.spent() || run.signal.aborted) break;
      if (!isAbove(candidate, rejected?.candidate) || windowOf(candidate) <= tooSmall) continue;
      const room = budget.models() + 1 < deps.maxAttempts && budget.calls() + 1 < deps.maxCalls;
      const later = room ? plan.candidates.slice(position + 1) : [];
      const turn = {
        candidate,
        mode: run.mode,
        hasNext: later.length > 0,
        canEscalate: later.some((next) => isAbove(next, candidate)),
      };
      const tried = await tryModel(turn, run);
      if (tried instanceof RouterError) {
        if (isFinal(tried)) break;
        if (tried.code === 'context_too_long') tooSmall = Math.max(tooSmall, windowOf(candidate));
        continue;
      }
      const { rejection } = tried;
      if (!rejection) return { answered: { candidate, tried } };
      rejected = { candidate, tried: { ...tried, rejection } };
    }
    return rejected ? { rejected } : {};
  }

  /** A rejected answer is better than none; one that was given up half-way is asked for once more. */
  async function deliver({ candidate, tried }: Rejected, run: Run): Promise<Tried | undefined> {
    if (tried.answer) return tried;
    const turn: Turn = { candidate, mode: 'direct', hasNext: false, canEscalate: false };
    const again = await tryModel(turn, run);
    return again instanceof RouterError ? undefined : { ...again, rejection: tried.rejection };
  }

  async function answer(plan: Plan, run: Run): Promise<Executed> {
    const { answered, rejected } = await walk(plan, run);
    const { attempts } = run.log;
    const settled = rejected && !run.client.aborted ? await deliver(rejected, run) : answered?.tried;
    const candidate = (answered ?? rejected)?.candidate;
    if (!settled?.answer || !candidate) {
      throw new ExecutionError(run.client.aborted ? clientGone() : run.budget.verdict(), attempts);
    }
    const { rejection } = settled;
    return {
      candidate,
      answer: settled.answer,
      attempts,
      ...(rejection ? { unvalidated: rejection.name } : {}),
    };
  }

  return async (plan, request, client) => {
    const validators = deps.validators(plan.validators);
    const waits = validators.length > 0 && plan.validatorsByDefault !== true;
    const auto = waits ? 'buffered' : 'direct';
    const deadline = createRequestDeadline(deps.deadlineMs);
    const run: Run = {
      request: withCeiling(request, plan),
      validators,
      log: createAttemptLog(deps.clock, (model) => specs.get(model)?.price),
      client,
      signal: AbortSignal.any([client, deadline.signal]),
      mode: plan.commit ?? (deps.commit === 'auto' ? auto : deps.commit),
      budget: createAttemptBudget(deps.clock, deps),
    };
    try {
      return await answer(plan, run);
    } finally {
      deadline.clear();
    }
  };
}

/** The request as this model gets it: with the question for what the validators read, where the model can tell. */
function asking(request: ChatRequest, validators: readonly Validator[], spec: ModelSpec): ChatRequest {
  const wanted = spec.capabilities.logprobs === true && validators.some(({ reads }) => reads === 'logprobs');
  return wanted ? { ...request, readLogprobs: true } : request;
}

function withCeiling(request: ChatRequest, plan: Plan): ChatRequest {
  return plan.maxOutputTokens === undefined ? request : { ...request, maxOutputTokens: plan.maxOutputTokens };
}
