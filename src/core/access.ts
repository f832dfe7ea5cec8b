/** Who calls and what it may do, as far as authentication knows. A key itself is in none of these types but its hash. */
import type { Tier } from './tier.ts';

export const KEY_SCOPES = ['chat', 'read', 'admin'] as const;
/**
 * `chat`: call models, and see and judge the decisions made for the key itself. `read`: see what was decided for
 * everybody, statistics and metrics. `admin`: all of it, and the operator's endpoints.
 */
export type KeyScope = (typeof KEY_SCOPES)[number];

/** What a key may use. An absent limit is the configured default, and where there is none does not limit. */
export interface KeyLimits {
  readonly requestsPerMinute?: number;
  /** Input and output tokens. */
  readonly tokensPerMinute?: number;
  /** Requests in flight at once. */
  readonly concurrent?: number;
}

/** What a key may spend in a UTC day and month, USD. */
export interface KeyBudget {
  readonly dayUsd?: number;
  readonly monthUsd?: number;
}

/** The label of a key by its SHA-256 in hex: short, and safe to store and to show. */
export function labelOf(sha256: string): string {
  return sha256.slice(0, 16);
}

/** The holder of a valid API key and what it may do. Absent limits do not limit. */
export interface Caller {
  /** Its label, see labelOf: what decisions, ledger and budgets know the key by. */
  readonly key: string;
  /** The name its owner gave the key. */
  readonly name: string;
  readonly team?: string;
  readonly scopes: readonly KeyScope[];
  /** Model ids the key may pin and be routed to. */
  readonly models?: readonly string[];
  /** Tiers the key may be answered from. */
  readonly tiers?: readonly Tier[];
  readonly limits?: KeyLimits;
  readonly budget?: KeyBudget;
}

/** True where the scope is among the caller's or follows from it: `admin` may everything. */
export function mayDo(caller: Pick<Caller, 'scopes'>, scope: KeyScope): boolean {
  return caller.scopes.includes(scope) || caller.scopes.includes('admin');
}

/** A key as it is kept: its holder, its hash and its life. */
export interface ApiKey extends Caller {
  /** SHA-256 of the key, 64 hex digits. */
  readonly sha256: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** Unix milliseconds from which it is refused; absent: never. */
  readonly expiresAt?: number;
  /** Unix milliseconds of its revocation; absent while it is live. */
  readonly revokedAt?: number;
}

/** Where API keys live. What another process has written is seen by the next read. */
export interface KeyStore {
  /** Rejects with `invalid_request` where the hash, or its label, is already there. */
  create(key: ApiKey): Promise<void>;
  /** Whatever became of the key: the reader looks at `expiresAt` and `revokedAt`. */
  findByHash(sha256: string): Promise<ApiKey | undefined>;
  /** All there ever were, oldest first. */
  list(): Promise<readonly ApiKey[]>;
  /** Ends the key with this label at `at`. A key revoked before keeps its time. Undefined where there is none. */
  revoke(label: string, at: number): Promise<ApiKey | undefined>;
  /** True once any key was created, revoked ones included. */
  any(): Promise<boolean>;
}

/** What a key is to be. */
export type NewApiKey = Omit<ApiKey, 'key' | 'sha256' | 'createdAt' | 'revokedAt'>;

export interface CreatedKey {
  /** The key itself. Nothing keeps it: whoever asked for it sees it this once. */
  readonly secret: string;
  readonly key: ApiKey;
}

/** What an operator does with keys. */
export interface KeyAdmin {
  create(wanted: NewApiKey): Promise<CreatedKey>;
  list(): Promise<readonly ApiKey[]>;
  /** See KeyStore.revoke; at once. */
  revoke(label: string): Promise<ApiKey | undefined>;
}

/** Every key that the router knows, from the store and from the configuration. */
export interface KeyRing {
  /** The holder of a key that is live now. */
  find(sha256: string): Promise<Caller | undefined>;
  /** True once any key was configured or created: revoking the last one never opens the router. */
  any(): Promise<boolean>;
}

/** One limit as clients see it. */
export interface LimitState {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until the whole limit is there again. */
  readonly resetMs: number;
}

export interface LimitStates {
  readonly requests?: LimitState;
  readonly tokens?: LimitState;
}

/** One request that was let in. */
export interface Admission {
  states(): LimitStates;
  /** Takes the estimated tokens of the request; rejects with `rate_limited` where they are not there. */
  reserve(tokens: number): Promise<void>;
  /** Replaces the estimate by what was used. Only the first call counts; without any, the estimate stands. */
  settle(tokens: number): Promise<void>;
  /** The request is over. Idempotent. */
  leave(): void;
}

/** Rate limits. A caller is known by its label; requests without a key share one. */
export interface RateLimits {
  /**
   * Counts one request against the caller's limits; rejects with `rate_limited`, and `onLimits` is told the states
   * before it is. `onLimits` is told again whenever they change.
   */
  admit(
    caller: Pick<Caller, 'key' | 'limits'> | undefined,
    onLimits: (states: LimitStates) => void,
  ): Promise<Admission>;
}
