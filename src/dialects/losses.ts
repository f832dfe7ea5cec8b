import type { DialectId } from '../core/chat.ts';
import { RouterError } from '../core/errors.ts';

/** Keeps account of what crossing to another dialect loses. */
export interface Losses {
  /** Notes a canonical field that is left out knowingly. */
  drop(name: string): void;
  /** Throws `unsupported`: leaving `what` out would change the meaning of the request. */
  refuse(what: string, field: string): never;
  /** What was dropped, each once, in order. */
  list(): readonly string[];
}

export function createLosses(target: DialectId): Losses {
  const dropped = new Set<string>();
  return {
    drop: (name) => void dropped.add(name),
    refuse(what, field) {
      throw new RouterError('unsupported', `${what} cannot be expressed in the ${target} format.`, { field });
    },
    list: () => [...dropped],
  };
}
