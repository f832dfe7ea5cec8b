/** What is known of the health of the upstreams, as readiness and metrics show it. */
import type { ErrorCode } from './errors.ts';

export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;
/** `closed`: calls go through. `open`: they are refused for a while. `half_open`: one call may try whether it is back. */
export type BreakerState = (typeof BREAKER_STATES)[number];

export interface BreakerHealth {
  readonly state: BreakerState;
  /** Unix milliseconds of the last change; of the start where there was none. */
  readonly since: number;
  /** Unix milliseconds at which an open breaker lets one call try. */
  readonly retryAt?: number;
  /** The latest failure that counted. */
  readonly lastError?: { readonly code: ErrorCode; readonly at: number };
}

/** One key of a provider's pool, known by its place in the configuration: the key itself is nowhere. */
export interface KeyHealth {
  /** 1 for the first. */
  readonly key: number;
  readonly cooling: readonly {
    /** Upstream name of the model it rests for; absent: for all. */
    readonly model?: string;
    /** Unix milliseconds. */
    readonly until: number;
    readonly code: ErrorCode;
  }[];
}

export interface ProviderHealth {
  readonly provider: string;
  readonly breaker: BreakerHealth;
  /** Calls in flight, streams to their end. */
  readonly inFlight: number;
  /** Calls that wait for one of these to end. */
  readonly queued: number;
  /** Empty where no key is needed. */
  readonly keys: readonly KeyHealth[];
  /** A call made now would reach the upstream, or wait in line for it. */
  readonly callable: boolean;
}
