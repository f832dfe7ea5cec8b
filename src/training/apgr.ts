/**
 * How well a score separates requests that need the strong model from those that do not, as routers between two models
 * are compared (Ong et al. 2024, "RouteLLM", section 3): performance gap recovered against the share of strong calls.
 */
import { createRandom } from './random.ts';

/** One prompt: was the weak model right, was the strong one (0 to 1), and how much the router trusts the weak one. */
export interface Routed {
  readonly weak: number;
  readonly strong: number;
  /** Any scale; higher is more trust in the weak model. */
  readonly trust: number;
}

export interface RouterFigures {
  /** Mean performance gap recovered over all shares of strong calls; 0.5 for a random order. */
  readonly apgr: number;
  /** Least share of strong calls that recovers half, and four fifths, of the gap. */
  readonly cpt50: number;
  readonly cpt80: number;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Performance gap recovered when the k least trusted prompts go to the strong model, for k = 0 to n. */
function recovered(rows: readonly Routed[]): number[] {
  const weak = mean(rows.map((row) => row.weak));
  const gap = mean(rows.map((row) => row.strong)) - weak;
  const order = [...rows].sort((a, b) => a.trust - b.trust);
  const curve = [0];
  let gained = 0;
  for (const row of order) {
    gained += row.strong - row.weak;
    curve.push(gained / rows.length / gap);
  }
  return curve;
}

/** Figures of one router. NaN where the models are equally good. */
export function routerFigures(rows: readonly Routed[]): RouterFigures {
  const curve = recovered(rows);
  const steps = curve.length - 1;
  const area = curve.slice(1).reduce((sum, value, at) => sum + (value + (curve[at] ?? 0)) / 2, 0) / steps;
  const least = (share: number): number => curve.findIndex((value) => value >= share) / steps;
  return { apgr: area, cpt50: least(0.5), cpt80: least(0.8) };
}

/** APGR with its 95 % percentile bootstrap interval over prompts. */
export function apgrInterval(rows: readonly Routed[], rounds = 500): { low: number; high: number } {
  const random = createRandom(1);
  const drawn = Array.from({ length: rounds }, () => {
    const sample = rows.flatMap(() => rows[random.below(rows.length)] ?? []);
    return routerFigures(sample).apgr;
  }).sort((a, b) => a - b);
  const at = (share: number): number => drawn[Math.floor(share * (drawn.length - 1))] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}
