/** What a composition takes from the world outside. */
import type { OpenClassifier } from './compose-classifiers.ts';
import type { Clock, Logger } from './core/ports.ts';

export interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1, as Math.random. */
  readonly random: () => number;
  readonly version: string;
  /** How a bundle is opened; by default as an ONNX bundle. */
  readonly openClassifier?: OpenClassifier;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
