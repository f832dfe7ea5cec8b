/** Routing for a share of the traffic only, the rest pinned, so that it can begin with 10 % and grow. */
import { drawOf } from '../draw.ts';

export interface Rollout {
  /** Of the sessions, users or (without either) requests that are routed, 0 to 1. */
  readonly share: number;
  /** A tier or a model id for the rest. */
  readonly otherwise: string;
}

/** What a request is drawn by: its session, else its user, else itself. */
export interface RolloutUnit {
  readonly session?: string | undefined;
  readonly user?: string | undefined;
  /** Label of the caller's key. */
  readonly apiKey?: string | undefined;
  readonly decision: string;
}

function nameOf({ session, user, apiKey = '', decision }: RolloutUnit): string {
  if (session !== undefined) return `session ${apiKey} ${session}`;
  if (user !== undefined) return `user ${apiKey} ${user}`;
  return `request ${apiKey} ${decision}`;
}

/** True where the request is routed. Who is inside at one share is inside at every larger one. */
export function isRolledOut(rollout: Rollout, unit: RolloutUnit): boolean {
  return drawOf(`rollout ${nameOf(unit)}`) < rollout.share;
}
