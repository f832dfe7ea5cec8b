import type { Classification, GateVerdict } from '../core/routing.ts';

/** Calibrated with the bundle (or set in the configuration), so they are data and not constants here. */
export interface GateBounds {
  /** Confidence below this is doubt. */
  readonly doubtBelow: number;
  /** `simple` with a P(simple) below this is doubt too. */
  readonly simpleFrom?: number | undefined;
}

/** Is the prediction sure enough to act on? */
export function gate(
  { tier, confidence }: Pick<Classification, 'tier' | 'confidence'>,
  { doubtBelow, simpleFrom }: GateBounds,
): GateVerdict {
  const threshold = tier === 'simple' ? Math.max(doubtBelow, simpleFrom ?? 0) : doubtBelow;
  const says = simpleFrom === undefined ? {} : { simpleFrom };
  return { sure: confidence >= threshold, threshold, ...says };
}
