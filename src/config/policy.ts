import { TIERS } from '../core/tier.ts';
import type { ConfigFile } from './schema.ts';

/** What routes instead of naming a model. */
const AUTO_NAMES = ['auto', ...TIERS.map((tier) => `auto:${tier}`)];

/** Says where a field names what is not there. */
export type Refer = (field: string, name: string, known: readonly string[], what: string) => void;

/** Refers what aliases and roll-outs name to tiers and the ids of models. */
export function referPolicy({ policy, routes }: ConfigFile, models: readonly string[], refer: Refer): void {
  for (const [name, target] of Object.entries(policy.model_aliases)) {
    refer(`policy.model_aliases.${name}`, target, [...AUTO_NAMES, ...models], 'model');
  }
  const rollouts = [
    ['policy.rollout', policy.rollout] as const,
    ...Object.entries(policy.rollout_by_key).map(
      ([key, rollout]) => [`policy.rollout_by_key.${key}`, rollout] as const,
    ),
    ...routes.map(({ rollout }, index) => [`routes[${index}].rollout`, rollout] as const),
  ];
  for (const [field, rollout] of rollouts) {
    if (rollout) refer(`${field}.otherwise`, rollout.otherwise, [...TIERS, ...models], 'tier or model');
  }
}
