/** Holds a choice against the limits of its request: moves its tier, or refuses where the caller contradicts itself. */
import type { Caller } from '../../core/access.ts';
import { RouterError } from '../../core/errors.ts';
import type { DecisionBounds, ModelSpec } from '../../core/routing.ts';
import { type Tier, tierRank } from '../../core/tier.ts';
import { type Bounds, clamp, rangeOf, type TierLimit, type TierRange, within } from './bounds.ts';
import type { SafetyHit } from './safety-floor.ts';
import { mayUse, notAllowed, usd } from './sieves.ts';

/** The parts of a choice that limits read and change. */
export interface Limitable {
  readonly tier: Tier;
  readonly source: string;
  readonly pinned?: ModelSpec;
  /** The model asked for by name, from which the switches for up and down are counted. */
  readonly baseline?: ModelSpec;
}

export interface Limits {
  readonly bounds: Bounds;
  readonly safety: SafetyHit | undefined;
  /** What becomes of an override below the safety floor. */
  readonly overrides: 'allow' | 'refuse';
  readonly caller: Caller | undefined;
  /** The cap that a budget past its soft limit sets. */
  readonly budgetTier?: Tier | undefined;
}

export interface Limited {
  readonly tier: Tier;
  readonly pinned?: ModelSpec;
  readonly range: TierRange;
  readonly reasons: readonly string[];
  /** For the record; absent where nothing limits. */
  readonly record?: DecisionBounds;
}

function tierLimits({ bounds, safety, budgetTier }: Limits, baseline: ModelSpec | undefined): TierLimit[] {
  const { min_tier: min, max_tier: max, upgrades, downgrades } = bounds;
  const of = (explicit: boolean): TierLimit[] => [
    ...(min?.explicit === explicit ? [{ min: min.value, from: min.from }] : []),
    ...(max?.explicit === explicit ? [{ max: max.value, from: max.from }] : []),
  ];
  const defaults = of(false).sort((a, b) => Number(a.from === 'policy') - Number(b.from === 'policy'));
  const switches: TierLimit[] = baseline
    ? [
        ...(downgrades?.value === false
          ? [{ min: baseline.tier, from: `no downgrades from ${baseline.id}: ${downgrades.from}` }]
          : []),
        ...(upgrades?.value === false
          ? [{ max: baseline.tier, from: `no upgrades from ${baseline.id}: ${upgrades.from}` }]
          : []),
      ]
    : [];
  const floor = safety ? [{ min: safety.tier, from: `safety floor: ${safety.topic}` }] : [];
  const budget = budgetTier ? [{ max: budgetTier, from: 'a budget past its soft limit' }] : [];
  return [...floor, ...of(true), ...switches, ...defaults, ...budget];
}

/** What the caller pins or forces, in words. */
function says({ pinned, tier }: Limitable): string {
  return pinned ? `the pinned model ${pinned.id} of tier ${pinned.tier}` : `the forced tier ${tier}`;
}

/** Throws where the caller's own bounds, its key or the safety floor stand against what it pins or forces. */
function checkOverride(choice: Limitable, { bounds, safety, overrides, caller }: Limits): TierRange {
  const { pinned, tier } = choice;
  if (caller && pinned && !mayUse(caller, pinned)) throw notAllowed(caller, `the model ${pinned.id}`);
  if (caller && !pinned && caller.tiers && !caller.tiers.includes(tier)) {
    throw notAllowed(caller, `the tier ${tier}`);
  }
  for (const bound of [bounds.min_tier, bounds.max_tier]) {
    if (!bound?.explicit) continue;
    const range = rangeOf([
      bound === bounds.min_tier ? { min: bound.value, from: '' } : { max: bound.value, from: '' },
    ]);
    if (within(tier, range)) continue;
    throw new RouterError(
      'invalid_request',
      `${bound.from}: ${bound.value} contradicts ${says(choice)}; leave one of the two out.`,
      { field: bound.from },
    );
  }
  if (safety && overrides === 'refuse' && tierRank(tier) < tierRank(safety.tier)) {
    throw new RouterError(
      'forbidden',
      `model: ${says(choice)} is below ${safety.tier}, the lowest tier for ${safety.topic} decisions here; ask for auto or a higher tier.`,
      { field: 'model' },
    );
  }
  const { min_tier: min, max_tier: max } = bounds;
  return rangeOf([
    ...(min?.explicit ? [{ min: min.value, from: min.from }] : []),
    ...(max?.explicit ? [{ max: max.value, from: max.from }] : []),
  ]);
}

function recordOf(
  range: TierRange,
  { bounds, safety }: Limits,
  movedFrom: Tier | undefined,
): DecisionBounds | undefined {
  const { quality, max_cost_usd: cost } = bounds;
  const from = [
    ...range.from,
    ...(quality ? [`quality ${quality.value} (${quality.from})`] : []),
    ...(cost ? [`cost at most ${usd(cost.value)} (${cost.from})`] : []),
  ];
  if (from.length === 0) return undefined;
  return {
    minTier: range.min,
    maxTier: range.max,
    ...(quality ? { quality: quality.value } : {}),
    ...(cost ? { maxCostUsd: cost.value } : {}),
    ...(movedFrom === undefined ? {} : { movedFrom }),
    from,
    ...(range.yielded.length > 0 ? { yielded: range.yielded } : {}),
    ...(safety ? { safetyTopic: safety.topic } : {}),
  };
}

function overridden(choice: Limitable, limits: Limits): Limited {
  const range = checkOverride(choice, limits);
  const { safety, bounds } = limits;
  const { pinned, tier } = choice;
  const below = safety !== undefined && tierRank(tier) < tierRank(safety.tier);
  const reasons = [
    ...(below
      ? [`the safety floor (${safety.topic}: ${safety.because.join(', ')}) yields to the caller`]
      : []),
    ...(bounds.quality?.explicit ? [`${bounds.quality.from} yields to ${says(choice)}`] : []),
  ];
  const record = recordOf(range, { ...limits, bounds: explicitOnly(bounds), safety: undefined }, undefined);
  return { tier, ...(pinned ? { pinned } : {}), range, reasons, ...(record ? { record } : {}) };
}

/** The bounds that the request itself sets. */
export function explicitOnly(bounds: Bounds): Bounds {
  return Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound?.explicit)) as Bounds;
}

/**
 * The choice within its limits. What the caller pins or forces stands, or is refused with `invalid_request` or
 * `forbidden` where the caller's own bounds, its key or (if so configured) the safety floor contradict it; routes and
 * the policy set no bounds for it. Every other choice is moved to the nearest allowed tier.
 */
export function limitChoice(choice: Limitable, limits: Limits): Limited {
  if (choice.source === 'override' && !choice.baseline) return overridden(choice, limits);
  const { safety } = limits;
  const range = rangeOf(tierLimits(limits, choice.baseline));
  const tier = clamp(choice.tier, range);
  const moved = tier !== choice.tier;
  const pinned = choice.pinned && !moved ? choice.pinned : undefined;
  const reasons = [
    ...(safety ? [`safety floor ${safety.tier} (${safety.topic}: ${safety.because.join(', ')})`] : []),
    ...range.yielded.map((limit) => `not possible beside the limits before it: ${limit}`),
    ...(moved ? [`moved from ${choice.tier} to ${tier}: ${range.from.join(', ')}`] : []),
  ];
  const record = recordOf(range, limits, moved ? choice.tier : undefined);
  return { tier, ...(pinned ? { pinned } : {}), range, reasons, ...(record ? { record } : {}) };
}

/** True where limits may move a choice of tier: chance then has no say. */
export function mayMove({ bounds, safety, budgetTier }: Limits): boolean {
  const { min_tier: min, max_tier: max, upgrades, downgrades } = bounds;
  const switched = upgrades?.value === false || downgrades?.value === false;
  return [safety, budgetTier, min, max].some((limit) => limit !== undefined) || switched;
}
