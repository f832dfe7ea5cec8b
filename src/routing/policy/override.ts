import { RouterError } from '../../core/errors.ts';
import type { ModelSpec } from '../../core/routing.ts';
import { isTier, TIERS, type Tier } from '../../core/tier.ts';
import { matchesPattern, modelByAlias } from './alias.ts';

/** What the caller's `model` asks for. `alias`: the entry of `policy.model_aliases` that made it so. */
export type Wanted = (
  | { readonly kind: 'auto' }
  | { readonly kind: 'tier'; readonly tier: Tier }
  | { readonly kind: 'model'; readonly model: ModelSpec }
) & { readonly alias?: string };

/** The model names that route instead of naming a model. */
export const AUTO_MODELS = ['auto', ...TIERS.map((tier) => `auto:${tier}` as const)] as const;

/** A configured model that cannot be called, and the environment variable it waits for. */
export interface MissingModel {
  readonly model: string;
  readonly missing: string;
}

/** What a name is looked up in. */
export interface ModelNames {
  readonly models: readonly ModelSpec[];
  /** Configured models whose provider's key is missing. */
  readonly unavailable?: readonly MissingModel[];
  /** From a pattern of names to `auto`, `auto:<tier>` or a model id; goes before the models' own ids. */
  readonly aliases?: Readonly<Record<string, string>>;
}

function automatic(name: string): Wanted | undefined {
  if (name === 'auto') return { kind: 'auto' };
  const tier = name.startsWith('auto:') ? name.slice('auto:'.length) : undefined;
  return isTier(tier) ? { kind: 'tier', tier } : undefined;
}

function named(name: string, { models, unavailable = [] }: ModelNames): Wanted | undefined {
  const model = models.find(({ id }) => id === name);
  if (model) return { kind: 'model', model };
  const absent = unavailable.map((entry) => ({ ...entry, id: entry.model, upstreamModel: entry.model }));
  const waiting = absent.find(({ id }) => id === name);
  const other = waiting ? undefined : modelByAlias(name, models);
  if (other) return { kind: 'model', model: other };
  const missing = waiting ?? modelByAlias(name, absent);
  if (!missing) return undefined;
  const message = `model: ${missing.model} is configured, but ${missing.missing} is not set where the router runs.`;
  throw new RouterError('unknown_model', message, { field: 'model' });
}

/**
 * Reads `auto`, `auto:<tier>`, a configured model id or another name of one. Throws `unknown_model` that says which key
 * a model waits for, or lists what is allowed.
 */
export function parseWanted(requested: string, names: ModelNames): Wanted {
  const plain = automatic(requested);
  if (plain) return plain;
  const alias = Object.entries(names.aliases ?? {}).find(([pattern]) => matchesPattern(pattern, requested));
  const target = alias?.[1] ?? requested;
  const wanted = automatic(target) ?? named(target, names);
  if (wanted) return alias ? { ...wanted, alias: `${alias[0]} -> ${target}` } : wanted;
  const shown = requested.length > 100 ? `${requested.slice(0, 100)}…` : requested;
  const allowed = [...AUTO_MODELS, ...names.models.map((known) => known.id)].join(', ');
  throw new RouterError('unknown_model', `model: no model "${shown}". Allowed: ${allowed}.`, {
    field: 'model',
  });
}
