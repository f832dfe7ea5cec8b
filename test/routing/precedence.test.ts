/**
 * Every combination of what may settle or limit a choice, against the order of precedence as it is documented:
 * the caller, a static route, the roll-out, the classifier choose; key, safety floor, the request's bounds, the policy and
 * a soft budget limit. Nothing is dropped without a word.
 */
import { expect, it } from 'vitest';
import { RouterError } from '../../src/core/errors.ts';
import type { Decision } from '../../src/core/routing.ts';
import { TIERS, type Tier, tierRank } from '../../src/core/tier.ts';
import type { StaticRoute } from '../../src/routing/policy/static-route.ts';
import { classificationOf } from '../fakes/classifier.ts';
import { stageOf } from './stage.ts';

interface Case {
  readonly model: 'auto' | 'auto:simple' | 'simple' | 'complex';
  readonly route: 'none' | 'tier' | 'model';
  readonly rollout: boolean;
  readonly key: readonly Tier[] | undefined;
  readonly floor: Tier | undefined;
  readonly min: Tier | undefined;
  readonly max: Tier | undefined;
  readonly policy: { readonly min_tier?: Tier; readonly max_tier?: Tier };
  readonly budget: Tier | undefined;
}

interface Expected {
  readonly code?: string;
  readonly tier?: Tier;
  readonly models?: readonly Tier[];
  /** What the trace must have. */
  readonly says?: readonly string[];
}

const SAID: Tier = 'moderate';

function* cases(): Generator<Case> {
  for (const model of ['auto', 'auto:simple', 'simple', 'complex'] as const)
    for (const route of ['none', 'tier', 'model'] as const)
      for (const rollout of [false, true])
        for (const key of [undefined, ['simple'], ['complex']] as const)
          for (const floor of [undefined, 'complex'] as const)
            for (const min of [undefined, 'moderate', 'complex'] as const)
              for (const max of [undefined, 'simple', 'moderate'] as const)
                for (const policy of [{}, { min_tier: 'moderate' }, { max_tier: 'simple' }] as const)
                  for (const budget of [undefined, 'simple'] as const)
                    yield { model, route, rollout, key, floor, min, max, policy, budget };
}

const above = (tier: Tier, other: Tier): boolean => tierRank(tier) > tierRank(other);

/** What the caller pins or forces: refused where it contradicts itself or its key, else as it stands. */
function override({ model, key, min, max, floor }: Case): Expected {
  const tier: Tier = model === 'complex' ? 'complex' : 'simple';
  if (key && !key.includes(tier)) return { code: 'forbidden' };
  if ((min && above(min, tier)) || (max && above(tier, max))) return { code: 'invalid_request' };
  const says = floor && above(floor, tier) ? ['yields to the caller'] : [];
  if (model !== 'auto:simple') return { tier, models: [tier], says };
  const models = TIERS.filter((other) => !(max && above(other, max)) && (key?.includes(other) ?? true));
  return { tier, models, says };
}

function chosen({ route, rollout }: Case): { readonly tier: Tier; readonly pinned: boolean } {
  if (route === 'tier') return { tier: 'simple', pinned: false };
  if (route === 'model') return { tier: 'complex', pinned: true };
  return rollout ? { tier: 'complex', pinned: false } : { tier: SAID, pinned: false };
}

/** What everybody else chooses: moved by the limits in their order; one that would leave no tier yields, one set nearer replaces. */
function routed(given: Case): Expected {
  const { tier, pinned } = chosen(given);
  const limits: readonly { readonly min?: Tier | undefined; readonly max?: Tier | undefined }[] = [
    { min: given.floor },
    { min: given.min },
    { max: given.max },
    ...(given.min ? [] : [{ min: given.policy.min_tier }]),
    ...(given.max ? [] : [{ max: given.policy.max_tier }]),
    { max: given.budget },
  ];
  let [lowest, highest]: [Tier, Tier] = ['simple', 'complex'];
  const says: string[] = [];
  for (const { min, max } of limits) {
    if (min && above(min, highest)) says.push(`not possible beside the limits before it: at least ${min}`);
    else if (min && above(min, lowest)) lowest = min;
    if (max && above(lowest, max)) says.push(`not possible beside the limits before it: at most ${max}`);
    else if (max && above(highest, max)) highest = max;
  }
  let moved = tier;
  if (above(lowest, tier)) moved = lowest;
  if (above(tier, highest)) moved = highest;
  if (moved !== tier) says.push(`moved from ${tier} to ${moved}`);
  const may = (other: Tier): boolean => given.key?.includes(other) ?? true;
  if (pinned && moved === tier) return may(tier) ? { tier, models: [tier], says } : { code: 'forbidden' };
  const allowed = TIERS.filter((other) => !above(lowest, other) && !above(other, highest) && may(other));
  if (allowed.length === 0) return { code: 'unsupported' };
  const up = allowed.filter((other) => !above(moved, other));
  return { tier: moved, models: up.length > 0 ? up : [...allowed].reverse(), says };
}

function expected(given: Case): Expected {
  const { min, max, model, budget } = given;
  if (min && max && above(min, max)) return { code: 'invalid_request' };
  if (model !== 'auto') return override(given);
  const within = routed(given);
  if (!within.code || !budget) return within;
  const uncapped = routed({ ...given, budget: undefined });
  return uncapped.code ? uncapped : { ...uncapped, says: [...(uncapped.says ?? []), 'yields: no model'] };
}

function ask({ model, route, rollout, key, floor, min, max, policy, budget }: Case): Promise<Decision> {
  const routes: Readonly<Record<Case['route'], readonly StaticRoute[]>> = {
    none: [],
    tier: [{ name: 'r', match: { path: '/v1/*' }, tier: 'simple' }],
    model: [{ name: 'r', match: { path: '/v1/*' }, model: 'complex' }],
  };
  const hit = floor && { tier: floor, topic: 'medical' as const, because: ['dosage'] };
  const { run } = stageOf(
    {
      routes: routes[route],
      policy: { ...policy, ...(rollout ? { rollout: { share: 0, otherwise: 'complex' } } : {}) },
      safety: { floor: () => hit, overrides: 'allow' },
    },
    classificationOf(SAID, 0.9),
  );
  const headers = {
    ...(min ? { 'x-router-min-tier': min } : {}),
    ...(max ? { 'x-router-max-tier': max } : {}),
  };
  const hold = budget && {
    maxTier: budget,
    reserve: () => {},
    settle: () => {},
    notice: () => undefined,
  };
  return run({ model }, headers, {
    ...(key ? { caller: { key: 'k', name: 'n', scopes: ['chat'], tiers: key } } : {}),
    ...(hold ? { budget: hold } : {}),
  });
}

it('who chooses and what limits the choice agree with the documented order, in every combination', async () => {
  const wrong: unknown[] = [];
  let seen = 0;
  for (const given of cases()) {
    seen += 1;
    const want = expected(given);
    const got = await ask(given).catch((error: unknown) => error);
    const trace = got instanceof RouterError ? { code: got.code } : (got as Decision);
    const models = 'plan' in trace ? trace.plan.candidates.map(({ model }) => model) : undefined;
    const told = 'reasons' in trace ? trace.reasons.join('\n') : '';
    const agrees =
      'code' in trace
        ? trace.code === want.code
        : trace.tier === want.tier &&
          models?.join() === want.models?.join() &&
          (want.says ?? []).every((says) => told.includes(says));
    if (!agrees)
      wrong.push({ given, want, got: 'code' in trace ? trace : { tier: trace.tier, models, told } });
  }
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(wrong).toHaveLength(0);
  expect(seen).toBe(7_776);
});
