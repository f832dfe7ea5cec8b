/** A sample of a stream in bounded memory, the same for the same rows whatever their order. */
import { createHash } from 'node:crypto';

interface Kept<T> {
  readonly priority: number;
  /** Position in the stream. */
  readonly index: number;
  readonly row: T;
}

export interface RowSample<T> {
  /** `prior` rows are kept before all others; among equals chance decides, drawn from `id`. */
  add(row: T, id: string, prior: boolean): void;
  /** Rows seen so far. */
  seen(): number;
  /** At most `limit` rows in the order of the stream, each with its position. */
  rows(): readonly { readonly index: number; readonly row: T }[];
}

/** From 0 (kept first) to 2. */
function priorityOf(id: string, prior: boolean): number {
  const drawn = Number.parseInt(createHash('sha1').update(`sample:${id}`).digest('hex').slice(0, 12), 16);
  return drawn / 2 ** 48 + (prior ? 0 : 1);
}

/** Holds at most twice `limit` rows. */
export function createRowSample<T>(limit: number): RowSample<T> {
  let kept: Kept<T>[] = [];
  let bound = Number.POSITIVE_INFINITY;
  let seen = 0;
  const shrink = (): void => {
    if (kept.length <= limit) return;
    kept = kept.sort((a, b) => a.priority - b.priority).slice(0, limit);
    bound = kept.at(-1)?.priority ?? bound;
  };
  return {
    add(row, id, prior) {
      const index = seen++;
      const priority = priorityOf(id, prior);
      if (priority >= bound) return;
      kept.push({ priority, index, row });
      if (kept.length >= 2 * limit) shrink();
    },
    seen: () => seen,
    rows() {
      shrink();
      return [...kept].sort((a, b) => a.index - b.index);
    },
  };
}
