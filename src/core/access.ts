/** Who calls, as far as authentication knows. Never the key itself. */
import type { Tier } from './tier.ts';

/** The holder of a valid API key and what it may do. Absent limits do not limit. */
export interface Caller {
  /** The first 16 hex digits of the key's SHA-256: what decisions, ledger and budgets know the key by. */
  readonly key: string;
  /** The name its owner gave the key. */
  readonly name: string;
  readonly team?: string;
  /** Model ids the key may pin and be routed to. */
  readonly models?: readonly string[];
  /** Tiers the key may be answered from. */
  readonly tiers?: readonly Tier[];
}
