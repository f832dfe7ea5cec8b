/** The complexity tiers, cheapest first. The order carries meaning: what a tier can do, every later one can. */
export const TIERS = ['simple', 'moderate', 'complex'] as const;

export type Tier = (typeof TIERS)[number];

/** One value per tier. */
export type PerTier<T> = Readonly<Record<Tier, T>>;

export function isTier(value: unknown): value is Tier {
  return typeof value === 'string' && (TIERS as readonly string[]).includes(value);
}

/** Position of a tier in the order, 0 for `simple`. */
export function tierRank(tier: Tier): number {
  return TIERS.indexOf(tier);
}

/** The next tier up; `complex` stays `complex`. */
export function tierAbove(tier: Tier): Tier {
  return TIERS[tierRank(tier) + 1] ?? 'complex';
}

/** The tiers above `tier`, cheapest first. */
export function tiersAbove(tier: Tier): readonly Tier[] {
  return TIERS.slice(tierRank(tier) + 1);
}

/** Builds a value for each tier. */
export function perTier<T>(value: (tier: Tier) => T): PerTier<T> {
  return { simple: value('simple'), moderate: value('moderate'), complex: value('complex') };
}
