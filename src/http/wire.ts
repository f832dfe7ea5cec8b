import { shareOf } from '../core/interval.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { SAVINGS_ASSUMPTION } from '../core/savings.ts';
import type { ClassifierStats, Stats, StatsRow } from '../core/store.ts';
import { perTier } from '../core/tier.ts';

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The value with its camelCase field names in snake_case, as the API writes them; strings and numbers unchanged. */
export function toWire(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return Object.fromEntries(entries.map(([name, inner]) => [snake(name), toWire(inner)]));
  }
  return value as JsonValue;
}

/** Statistics as the API writes them. Names of models and sources are data and stay as they are. */
export function statsToWire(stats: Stats): JsonObject {
  const row = (value: StatsRow): JsonValue => toWire(value);
  return {
    window: { from: new Date(stats.window.from).toISOString(), to: new Date(stats.window.to).toISOString() },
    total: row(stats.total),
    by_tier: { ...perTier((tier) => row(stats.byTier[tier])) },
    by_model: Object.fromEntries(Object.entries(stats.byModel).map(([model, value]) => [model, row(value)])),
    by_source: { ...stats.bySource },
    savings: {
      ...(toWire(stats.savings) as JsonObject),
      counterfactuals: { ...stats.savings.counterfactuals },
      assumption: SAVINGS_ASSUMPTION,
    },
  };
}

/** The comparison of classifiers as the API writes it, shares with their intervals. Ids are data and stay as they are. */
export function classifiersToWire(classifiers: Readonly<Record<string, ClassifierStats>>): JsonObject {
  return Object.fromEntries(
    Object.entries(classifiers).map(([id, stats]) => [
      id,
      {
        requests: stats.requests,
        tiers: { ...perTier((tier) => toWire(shareOf(stats.byTier[tier], stats.requests))) },
        escalations: toWire(shareOf(stats.escalated, stats.finished)),
        thumbs_down: toWire(shareOf(stats.down, stats.rated)),
        shadow_agreement: Object.fromEntries(
          Object.entries(stats.shadows).map(([shadow, { agreed, compared }]) => [
            shadow,
            toWire(shareOf(agreed, compared)),
          ]),
        ),
      },
    ]),
  );
}
