/** What was saved, gathered request by request, with its intervals. */
import { sumInterval } from './interval.ts';
import type { Savings } from './ledger.ts';

/** Requests are resampled in so many groups put together by chance: as wide an interval, at a fixed price. */
const BLOCKS = 256;
/** Fewest UTC days that are resampled. */
const FEWEST_DAYS = 5;
const DAY_MS = 86_400_000;
const PICOS_PER_USD = 1e12;

/** What every figure of savings takes for granted. */
export const SAVINGS_ASSUMPTION =
  'the counterfactual is assumed to write as many tokens as the model that answered, and to answer every request it is asked';

export interface SavedRequest {
  /** Unix milliseconds. */
  readonly at: number;
  /** Picodollars; null where a part is unknown. */
  readonly cost: number | null;
  /** Picodollars; null where unknown. */
  readonly counterfactual: number | null;
  /** The model it is compared with. */
  readonly model: string | null;
}

export interface SavingsTally {
  add(request: SavedRequest): void;
  savings(): Savings;
}

/** Sums to the picodollar. `add` is told of every request that ended. */
export function createSavingsTally(): SavingsTally {
  const blocks = new Map<number, number>();
  const days = new Map<number, number>();
  const models = new Map<string, number>();
  let cost = 0n;
  let counterfactual = 0n;
  let requests = 0;
  let unknown = 0;
  const grow = (sums: Map<number, number>, name: number, picos: number): void => {
    sums.set(name, (sums.get(name) ?? 0) + picos / PICOS_PER_USD);
  };
  return {
    add(request) {
      if (request.cost === null || request.counterfactual === null) {
        unknown++;
        return;
      }
      const saved = request.counterfactual - request.cost;
      grow(blocks, (Math.imul(requests, 0x9e3779b1) >>> 24) % BLOCKS, saved);
      grow(days, Math.floor(request.at / DAY_MS), saved);
      cost += BigInt(request.cost);
      counterfactual += BigInt(request.counterfactual);
      requests++;
      if (request.model !== null) models.set(request.model, (models.get(request.model) ?? 0) + 1);
    },
    savings() {
      const baselineCostUsd = Number(counterfactual) / PICOS_PER_USD;
      const savedUsd = Number(counterfactual - cost) / PICOS_PER_USD;
      return {
        requests,
        unknown,
        costUsd: Number(cost) / PICOS_PER_USD,
        baselineCostUsd,
        savedUsd,
        savedShare: baselineCostUsd === 0 ? null : savedUsd / baselineCostUsd,
        overRequests: sumInterval([...blocks.values()]),
        overDays: sumInterval([...days.values()], FEWEST_DAYS),
        counterfactuals: Object.fromEntries([...models].sort(([a], [b]) => (a < b ? -1 : 1))),
      };
    },
  };
}
