import type { RequestHandler, Response } from 'express';
import type { LimitState, LimitStates, RateLimits } from '../core/access.ts';
import type { Clock } from '../core/ports.ts';
import { identityOf, setIdentity } from './identity.ts';

type Write = (kind: keyof LimitStates, state: LimitState) => Readonly<Record<string, string>>;

const asOpenAi: Write = (kind, { limit, remaining, resetMs }) => ({
  [`x-ratelimit-limit-${kind}`]: String(limit),
  [`x-ratelimit-remaining-${kind}`]: String(remaining),
  [`x-ratelimit-reset-${kind}`]: `${Math.ceil(resetMs / 1_000)}s`,
});

function asAnthropic(clock: Clock): Write {
  return (kind, { limit, remaining, resetMs }) => ({
    [`anthropic-ratelimit-${kind}-limit`]: String(limit),
    [`anthropic-ratelimit-${kind}-remaining`]: String(remaining),
    [`anthropic-ratelimit-${kind}-reset`]: new Date(clock.now() + resetMs).toISOString(),
  });
}

function setLimitHeaders(res: Response, states: LimitStates, formats: readonly Write[]): void {
  if (res.headersSent) return;
  for (const kind of ['requests', 'tokens'] as const) {
    const state = states[kind];
    if (!state) continue;
    for (const write of formats) {
      for (const [name, value] of Object.entries(write(kind, state))) res.setHeader(name, value);
    }
  }
}

/** Counts the request against its caller's limits, and says in headers what is left. */
export function createRateLimit(limits: RateLimits, clock: Clock): RequestHandler {
  return async (req, res, next) => {
    const identity = identityOf(res);
    const formats = req.path.startsWith('/v1/messages') ? [asOpenAi, asAnthropic(clock)] : [asOpenAi];
    const admission = await limits.admit(identity.caller, (states) => setLimitHeaders(res, states, formats));
    res.once('close', () => admission.leave());
    setIdentity(res, { ...identity, admission });
    next();
  };
}
