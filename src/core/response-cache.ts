import type { ChatResponse, DialectId, StreamFrame } from './chat.ts';
import type { Candidate, Decision, Outcome } from './routing.ts';

/** A complete answer that may be given again, and the record of how it came about. */
export interface CachedAnswer {
  readonly decision: Decision;
  readonly candidate: Candidate;
  readonly outcome: Outcome;
  /** Request fields that the answering model's format has no place for. */
  readonly dropped: readonly string[];
  readonly response: ChatResponse;
  /** The stream it came as; absent where it came whole, and `response.raw` is then as it was sent. */
  readonly stream?: {
    readonly dialect: DialectId;
    readonly includeUsage: boolean;
    readonly frames: readonly StreamFrame[];
  };
}

/** Answers by the hash of their request. Bounded in number, size and age; keeps nothing on disk. */
export interface ResponseCache {
  get(key: string): CachedAnswer | undefined;
  /** Replaces what is there. An answer that is too large is not kept. */
  set(key: string, answer: CachedAnswer): void;
  delete(key: string): void;
}
