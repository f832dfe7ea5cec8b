import { RouterError } from '../core/errors.ts';
import type { ModelSpec } from '../core/routing.ts';
import { isTier, TIERS, type Tier } from '../core/tier.ts';

/** What the caller's `model` asks for. */
export type Wanted =
  | { readonly kind: 'auto' }
  | { readonly kind: 'tier'; readonly tier: Tier }
  | { readonly kind: 'model'; readonly model: ModelSpec };

/** The model names that route instead of naming a model. */
export const AUTO_MODELS = ['auto', ...TIERS.map((tier) => `auto:${tier}` as const)] as const;

/** A configured model that cannot be called, and the environment variable it waits for. */
export interface MissingModel {
  readonly model: string;
  readonly missing: string;
}

/**
 * Reads `auto`, `auto:<tier>` or a configured model id. Throws `unknown_model` that says which key a model waits for, or
 * lists what is allowed.
 */
export function parseWanted(
  requested: string,
  models: readonly ModelSpec[],
  unavailable: readonly MissingModel[] = [],
): Wanted {
  if (requested === 'auto') return { kind: 'auto' };
  if (requested.startsWith('auto:')) {
    const tier = requested.slice('auto:'.length);
    if (isTier(tier)) return { kind: 'tier', tier };
  }
  const model = models.find((candidate) => candidate.id === requested);
  if (model) return { kind: 'model', model };
  const waiting = unavailable.find((entry) => entry.model === requested);
  if (waiting) {
    const message = `model: ${waiting.model} is configured, but ${waiting.missing} is not set where the router runs.`;
    throw new RouterError('unknown_model', message, { field: 'model' });
  }
  const shown = requested.length > 100 ? `${requested.slice(0, 100)}…` : requested;
  throw new RouterError(
    'unknown_model',
    `model: no model "${shown}". Allowed: ${[...AUTO_MODELS, ...models.map((known) => known.id)].join(', ')}.`,
    { field: 'model' },
  );
}
