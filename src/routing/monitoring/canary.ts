/** A second bundle that decides a share of the traffic, until it does too badly. */
import { shareOf } from '../../core/interval.ts';
import type { Classifier, Logger } from '../../core/ports.ts';
import type { ClassifierStats } from '../../core/store.ts';
import { drawOf } from '../draw.ts';

export interface CanaryLimits {
  /** Escalations among finished requests, 0 to 1. */
  readonly maxEscalationRate?: number | undefined;
  /** Thumbs down among thumbs, 0 to 1. */
  readonly maxDownRate?: number | undefined;
  /** Fewest finished requests, or thumbs, that a limit judges by. */
  readonly minRequests: number;
}

export interface CanaryDeps {
  readonly id: string;
  /** Of the sessions (or of the decisions without one), 0 to 1. */
  readonly share: number;
  readonly limits: CanaryLimits;
  /** Undefined where its bundle is not loaded. */
  readonly classifier: () => Classifier | undefined;
  /** What was seen of it so far. */
  readonly seen: () => Promise<ClassifierStats | undefined>;
  readonly logger: Logger;
}

export interface Canary {
  /** The canary where the key falls into its share; always the same for a key as long as the canary is on. */
  pick(key: string): Classifier | undefined;
  /** Switches the canary off for good where it exceeds a limit. Never rejects. */
  check(): Promise<void>;
  /** Why it is off; undefined while it is on. */
  offBecause(): string | undefined;
}

type Seen = Pick<ClassifierStats, 'finished' | 'escalated' | 'rated' | 'down'>;

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

/**
 * The limit that is exceeded for sure, in words: the lower bound of the rate's 95 % interval lies above it. Undefined
 * where none is, or where too little was seen.
 */
export function exceeded(seen: Seen, limits: CanaryLimits): string | undefined {
  const rules = [
    { what: 'escalations', limit: limits.maxEscalationRate, share: shareOf(seen.escalated, seen.finished) },
    { what: 'thumbs down', limit: limits.maxDownRate, share: shareOf(seen.down, seen.rated) },
  ];
  for (const { what, limit, share } of rules) {
    const { count, of, low } = share;
    if (limit === undefined || low === null || of < limits.minRequests || low <= limit) continue;
    return `${count} ${what} of ${of}: at least ${percent(low)}, the limit is ${percent(limit)}`;
  }
  return undefined;
}

export function createCanary(deps: CanaryDeps): Canary {
  const { id, share, limits, logger } = deps;
  let reason: string | undefined;

  function off(why: string): void {
    if (reason !== undefined) return;
    reason = why;
    logger.error({ canary: id, reason }, 'THE CANARY IS SWITCHED OFF until the next start');
  }

  /** The classifier; its first failure switches the canary off. */
  function watched(classifier: Classifier): Classifier {
    return {
      ...classifier,
      classify: async (inputs) => {
        try {
          return await classifier.classify(inputs);
        } catch (error) {
          off(`it failed: ${error instanceof Error ? error.message : String(error)}`);
          throw error;
        }
      },
    };
  }

  return {
    pick(key) {
      if (reason !== undefined || drawOf(`${id} ${key}`) >= share) return undefined;
      const classifier = deps.classifier();
      return classifier && watched(classifier);
    },
    async check() {
      if (reason !== undefined) return;
      try {
        const seen = await deps.seen();
        const why = seen && exceeded(seen, limits);
        if (why !== undefined) off(why);
      } catch (error) {
        logger.error({ canary: id, cause: String(error) }, 'the canary could not be checked');
      }
    },
    offBecause: () => reason ?? (deps.classifier() ? undefined : 'its bundle is not loaded'),
  };
}
