/** What is to be said of prices at start. */
import type { ModelSpec } from '../../core/routing.ts';

const DAY_MS = 86_400_000;
/** Most models named in one line. */
const MOST_NAMED = 5;

export interface PriceFacts {
  readonly models: readonly ModelSpec[];
  readonly judge: ModelSpec | undefined;
  /** Unix milliseconds. */
  readonly now: number;
  readonly maxAgeDays: number;
  /** What a question to a judge without a price counts, USD. */
  readonly judgeUnknownUsd: number;
}

function named(models: readonly ModelSpec[]): string {
  const ids = models.slice(0, MOST_NAMED).map(({ id }) => id);
  const more = models.length - ids.length;
  return more > 0 ? `${ids.join(', ')} and ${more} more` : ids.join(', ');
}

/** Old prices (what is free stays so), missing prices, and a judge that is counted by an assumption; one line each, none where all is well. */
export function priceWarnings({ models, judge, now, maxAgeDays, judgeUnknownUsd }: PriceFacts): string[] {
  const oldest = new Date(now - maxAgeDays * DAY_MS).toISOString().slice(0, 10);
  const old = models.filter(({ price }) => price && price.asOf < oldest && price.input + price.output > 0);
  const unpriced = models.filter(({ price }) => !price);
  return [
    ...(old.length === 0 ? [] : [`prices read more than ${maxAgeDays} days ago: ${named(old)}`]),
    ...(unpriced.length === 0 ? [] : [`no price, so their cost is unknown: ${named(unpriced)}`]),
    ...(judge && !judge.price
      ? [`the judge ${judge.id} has no price: each question counts ${judgeUnknownUsd} USD against its budget`]
      : []),
  ];
}
