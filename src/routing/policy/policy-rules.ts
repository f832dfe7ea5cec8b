import type { PerTier } from '../../core/tier.ts';
import type { BoundSettings } from './bounds-input.ts';
import type { Rollout } from './rollout.ts';
import type { SafetyFloor } from './safety-floor.ts';

/** The operator's rules for all requests, under the names of the configuration. All may be absent. */
export interface PolicyRules extends BoundSettings {
  /** A configured model asked for by name is a starting point and not a pin. */
  readonly route_named_models?: boolean;
  readonly model_aliases?: Readonly<Record<string, string>>;
  /** What `quality` bounds: the chance that a tier suffices (default), or what models declare. */
  readonly quality_from?: 'sufficiency' | 'models';
  /** Declared quality wanted by the tier of a request. */
  readonly model_quality?: PerTier<number> | undefined;
  /** Of the price, 0 to 1; absent: nothing is said of batches. */
  readonly batch_discount?: number;
  readonly rollout?: Rollout | undefined;
  /** By the SHA-256 (hex) of the API key. */
  readonly rollout_by_key?: Readonly<Record<string, Rollout>>;
}

/** How questions about dear decisions are recognised, and what becomes of a pin below their floor. */
export interface SafetyRules {
  readonly floor: SafetyFloor;
  readonly overrides: 'allow' | 'refuse';
}
