/** Limits of requests, tokens and requests at once, counted in this process. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Admission, Caller, KeyLimits, LimitState, LimitStates, RateLimits } from '../core/access.ts';
import { RouterError } from '../core/errors.ts';

const MINUTE_S = 60;
/** What requests without a key are counted under. */
const NOBODY = 'anonymous';

/** A window of one minute for each caller, begun by its first request. */
interface Window {
  /** Takes points; what is used up already is said by `refused`, and nothing is taken. */
  take(key: string, points: number): Promise<{ readonly refused: boolean; readonly state: LimitState }>;
  /** Takes points, or gives them back where negative, whatever is left. */
  correct(key: string, points: number): Promise<LimitState>;
}

function stateOf(limit: number, counted: RateLimiterRes): LimitState {
  const remaining = Math.max(0, limit - counted.consumedPoints);
  return { limit, remaining, resetMs: Math.max(0, counted.msBeforeNext) };
}

function createWindow(limit: number): Window {
  const limiter = new RateLimiterMemory({ points: limit, duration: MINUTE_S });
  const correct = async (key: string, points: number): Promise<LimitState> =>
    stateOf(limit, points < 0 ? await limiter.reward(key, -points) : await limiter.penalty(key, points));
  return {
    correct,
    async take(key, points) {
      try {
        return { refused: false, state: stateOf(limit, await limiter.consume(key, points)) };
      } catch (counted) {
        if (!(counted instanceof RateLimiterRes)) throw counted;
        return { refused: true, state: await correct(key, -points) };
      }
    },
  };
}

/** One window for each size of limit that was met. */
function createWindows(): (limit: number) => Window {
  const windows = new Map<number, Window>();
  return (limit) => {
    const known = windows.get(limit);
    if (known) return known;
    const window = createWindow(limit);
    windows.set(limit, window);
    return window;
  };
}

function refusal(what: string, state: LimitState): RouterError {
  const seconds = Math.max(1, Math.ceil(state.resetMs / 1_000));
  return new RouterError('rate_limited', `${what} Try again in ${seconds} s.`, {
    retryAfterSeconds: seconds,
  });
}

interface Entered {
  readonly key: string;
  readonly requests: LimitState | undefined;
  readonly tokens: Window | undefined;
  readonly onLimits: (states: LimitStates) => void;
  readonly left: () => void;
}

function createAdmission({ key, requests, tokens, onLimits, left }: Entered): Admission {
  let tokenState: LimitState | undefined;
  let reserved = 0;
  let windowEnds = 0;
  let settled = false;
  let gone = false;
  const states = (): LimitStates => ({
    ...(requests ? { requests } : {}),
    ...(tokenState ? { tokens: tokenState } : {}),
  });
  return {
    states,
    async reserve(count) {
      if (!tokens) return;
      const { refused, state } = await tokens.take(key, count);
      tokenState = state;
      onLimits(states());
      if (!refused) {
        reserved = count;
        windowEnds = performance.now() + state.resetMs;
        return;
      }
      settled = true;
      if (count > state.limit) {
        throw new RouterError(
          'rate_limited',
          `The request has about ${count} tokens, which is more than the key may use in a minute (${state.limit}).`,
        );
      }
      throw refusal(
        `The request has about ${count} tokens; the key has ${state.remaining} of ${state.limit} a minute left.`,
        state,
      );
    },
    async settle(count) {
      if (!tokens || settled) return;
      settled = true;
      const more = count - reserved;
      const sameWindow = performance.now() < windowEnds;
      if (more > 0 || (more < 0 && sameWindow)) tokenState = await tokens.correct(key, more);
    },
    leave() {
      if (!gone) left();
      gone = true;
    },
  };
}

/** Rate limits; `defaults` hold where a key has none of its own. */
export function createRateLimits(defaults: KeyLimits): RateLimits {
  const requestWindow = createWindows();
  const tokenWindow = createWindows();
  const inFlight = new Map<string, number>();

  function enter(key: string, most: number | undefined): void {
    const now = inFlight.get(key) ?? 0;
    if (most !== undefined && now >= most) {
      throw new RouterError('rate_limited', `The key has ${now} requests in flight; allowed: ${most}.`, {
        retryAfterSeconds: 1,
      });
    }
    inFlight.set(key, now + 1);
  }

  function left(key: string): void {
    const rest = (inFlight.get(key) ?? 1) - 1;
    if (rest > 0) inFlight.set(key, rest);
    else inFlight.delete(key);
  }

  async function admit(
    caller: Pick<Caller, 'key' | 'limits'> | undefined,
    onLimits: (states: LimitStates) => void,
  ): Promise<Admission> {
    const key = caller?.key ?? NOBODY;
    const limits = { ...defaults, ...caller?.limits };
    const { requestsPerMinute, tokensPerMinute, concurrent } = limits;
    enter(key, concurrent);
    const counted =
      requestsPerMinute === undefined ? undefined : await requestWindow(requestsPerMinute).take(key, 1);
    const tokens = tokensPerMinute === undefined ? undefined : tokenWindow(tokensPerMinute);
    const tokenState = tokens && (await tokens.correct(key, 0));
    onLimits({
      ...(counted ? { requests: counted.state } : {}),
      ...(tokenState ? { tokens: tokenState } : {}),
    });
    if (counted?.refused) {
      left(key);
      throw refusal(`The key's ${counted.state.limit} requests a minute are used up.`, counted.state);
    }
    return createAdmission({ key, requests: counted?.state, tokens, onLimits, left: () => left(key) });
  }

  return { admit };
}
