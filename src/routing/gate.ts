import type { Classification, GateVerdict } from '../core/routing.ts';

/**
 * Is the prediction sure enough to act on? `threshold` is calibrated with the bundle (or set in the
 * configuration), so it is data and not a constant here.
 */
export function gate(classification: Classification, threshold: number): GateVerdict {
  return { sure: classification.confidence >= threshold, threshold };
}
