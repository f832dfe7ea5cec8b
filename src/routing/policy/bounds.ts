/** The limits of one request: from its headers and metadata, its static route and the policy, the nearest first. */
import type { ChatRequest } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import { TIERS, type Tier, tierRank } from '../../core/tier.ts';
import { BOUND_NAMES, type BoundName, type BoundSettings, readRequestBounds } from './bounds-input.ts';

/** One bound and what set it, in words for the trace. */
export interface Bound<T> {
  readonly value: T;
  /** `x-router-min-tier`, `metadata.router_min_tier`, `route triage`, `policy`. */
  readonly from: string;
  /** The request itself sets it. */
  readonly explicit: boolean;
}

export type Bounds = {
  readonly [Name in BoundName]?: Bound<NonNullable<BoundSettings[Name]>>;
};

interface Level {
  readonly settings: BoundSettings;
  readonly from: (name: BoundName) => string;
  readonly explicit: boolean;
}

/** For each bound the nearest level that sets it. */
function merged(levels: readonly Level[]): Bounds {
  const entries = BOUND_NAMES.flatMap((name) => {
    const level = levels.find(({ settings }) => settings[name] !== undefined);
    if (!level) return [];
    return [
      [name, { value: level.settings[name], from: level.from(name), explicit: level.explicit }] as const,
    ];
  });
  return Object.fromEntries(entries) as Bounds;
}

export interface BoundSources {
  readonly request: Pick<ChatRequest, 'raw'>;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly route: (BoundSettings & { readonly name: string }) | undefined;
  readonly policy: BoundSettings;
}

/**
 * The bounds of a request: its header, else its metadata, else its route, else the policy. Throws `invalid_request`
 * for a value that is none, and for a lowest tier above the highest where the request sets both.
 */
export function boundsOf({ request, headers, route, policy }: BoundSources): Bounds {
  const { settings, fields } = readRequestBounds(request, headers);
  const { min_tier: min, max_tier: max } = settings;
  if (min && max && tierRank(min) > tierRank(max)) {
    const field = fields.min_tier ?? 'min_tier';
    throw new RouterError(
      'invalid_request',
      `${field}: ${min} is above ${fields.max_tier ?? 'max_tier'}: ${max}; the lowest tier must not be above the highest.`,
      { field },
    );
  }
  return merged([
    { settings, from: (name) => fields[name] ?? name, explicit: true },
    ...(route ? [{ settings: route, from: () => `route ${route.name}`, explicit: false }] : []),
    { settings: policy, from: () => 'policy', explicit: false },
  ]);
}

/** A wish for a lowest or highest tier; of two that exclude each other the one named first holds. */
export interface TierLimit {
  readonly min?: Tier | undefined;
  readonly max?: Tier | undefined;
  readonly from: string;
}

export interface TierRange {
  readonly min: Tier;
  readonly max: Tier;
  /** The limits that hold, in words. */
  readonly from: readonly string[];
  /** The limits that could not hold beside one before them, in words. */
  readonly yielded: readonly string[];
}

const LOWEST = TIERS[0];
const HIGHEST = TIERS[TIERS.length - 1] ?? LOWEST;

/** The tiers that all limits allow, taken in order; a limit that would leave none yields. */
export function rangeOf(limits: readonly TierLimit[]): TierRange {
  let [min, max]: [Tier, Tier] = [LOWEST, HIGHEST];
  const from: string[] = [];
  const yielded: string[] = [];
  for (const limit of limits) {
    for (const [side, tier] of [
      ['min', limit.min],
      ['max', limit.max],
    ] as const) {
      if (tier === undefined) continue;
      const says = `${side === 'min' ? 'at least' : 'at most'} ${tier} (${limit.from})`;
      const fits = side === 'min' ? tierRank(tier) <= tierRank(max) : tierRank(tier) >= tierRank(min);
      if (!fits) {
        yielded.push(says);
        continue;
      }
      from.push(says);
      if (side === 'min' && tierRank(tier) > tierRank(min)) min = tier;
      if (side === 'max' && tierRank(tier) < tierRank(max)) max = tier;
    }
  }
  return { min, max, from, yielded };
}

/** The tier, or the nearest one within the range. */
export function clamp(tier: Tier, { min, max }: Pick<TierRange, 'min' | 'max'>): Tier {
  if (tierRank(tier) < tierRank(min)) return min;
  return tierRank(tier) > tierRank(max) ? max : tier;
}

/** True where the tier lies within the range. */
export function within(tier: Tier, range: Pick<TierRange, 'min' | 'max'>): boolean {
  return clamp(tier, range) === tier;
}
