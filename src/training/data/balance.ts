/** How many rows there are of what. */
import { TIERS, type Tier } from '../../core/tier.ts';
import type { CheckConfig } from './check-config.ts';
import type { DataRow, Problem } from './read.ts';

export interface Balance {
  readonly name: string;
  readonly rows: number;
  readonly tiers: Readonly<Record<Tier, number>>;
}

export interface Counts {
  readonly rows: number;
  readonly labelled: number;
  readonly complex: number;
  /** Rows of a minimal-pair group beyond its first. */
  readonly pairs: number;
  readonly pairGroups: number;
  readonly languages: number;
  readonly nonEnglishShare: number;
  readonly conversations: number;
}

const ENOUGH_FOR_SHARES = 100;
const ENOUGH_OF_A_WORLD = 50;

/** Rows per tier for each value of `key`, the largest first. */
export function balanceBy(rows: readonly DataRow[], key: (row: DataRow) => string): Balance[] {
  const groups = new Map<string, Record<Tier, number> & { rows: number }>();
  for (const row of rows) {
    const name = key(row);
    const group = groups.get(name) ?? { rows: 0, simple: 0, moderate: 0, complex: 0 };
    group.rows++;
    if (row.row.tier) group[row.row.tier]++;
    groups.set(name, group);
  }
  return [...groups]
    .map(([name, { rows: count, ...tiers }]) => ({ name, rows: count, tiers }))
    .sort((a, b) => b.rows - a.rows || a.name.localeCompare(b.name));
}

export function worldOf({ row, file }: DataRow): string {
  return row.world ?? row.source ?? file;
}

export function languageOf({ row }: DataRow): string {
  return (row.language ?? 'en').split('-')[0] ?? 'en';
}

export function count(rows: readonly DataRow[]): Counts {
  const groups = new Map<string, number>();
  for (const { row } of rows)
    if (row.pair !== undefined) groups.set(row.pair, (groups.get(row.pair) ?? 0) + 1);
  const sizes = [...groups.values()].filter((size) => size > 1);
  const languages = rows.map(languageOf);
  return {
    rows: rows.length,
    labelled: rows.filter(({ row }) => row.tier !== undefined).length,
    complex: rows.filter(({ row }) => row.tier === 'complex').length,
    pairs: sizes.reduce((sum, size) => sum + size - 1, 0),
    pairGroups: sizes.length,
    languages: new Set(languages).size,
    nonEnglishShare:
      rows.length === 0 ? 0 : languages.filter((language) => language !== 'en').length / rows.length,
    conversations: rows.filter(({ row }) => (row.messages?.length ?? 0) > 1).length,
  };
}

/** Minima that are not reached. */
export function shortfalls(counts: Counts, minima: CheckConfig['minima']): Problem[] {
  const wanted: readonly (readonly [string, number, number | undefined])[] = [
    ['rows', counts.rows, minima.rows],
    ['complex rows', counts.complex, minima.complex],
    ['minimal pairs', counts.pairs, minima.pairs],
    ['languages', counts.languages, minima.languages],
    ['share of rows in other languages than English', counts.nonEnglishShare, minima.non_english_share],
  ];
  return wanted.flatMap(([name, value, least]) =>
    least !== undefined && value < least
      ? [{ where: name, says: `${Math.floor(value * 1000) / 1000}, at least ${least} wanted` }]
      : [],
  );
}

/** Tiers that are hardly there, and worlds that hold hardly anything but one tier. */
export function imbalances(rows: readonly DataRow[], config: CheckConfig): Problem[] {
  const labelled = rows.filter(({ row }) => row.tier !== undefined);
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const [all] = balanceBy(labelled, () => 'all');
  const missing =
    all && all.rows >= ENOUGH_FOR_SHARES
      ? TIERS.filter((tier) => all.tiers[tier] / all.rows < config.least_tier_share).map((tier) => ({
          where: 'all rows',
          says: `${percent(all.tiers[tier] / all.rows)} ${tier}, at least ${percent(config.least_tier_share)} wanted`,
        }))
      : [];
  const lopsided = balanceBy(labelled, worldOf).flatMap(({ name, rows: size, tiers }) =>
    size < ENOUGH_OF_A_WORLD
      ? []
      : TIERS.filter((tier) => tiers[tier] / size > config.largest_tier_share).map((tier) => ({
          where: `world ${name}`,
          says: `${percent(tiers[tier] / size)} ${tier}, at most ${percent(config.largest_tier_share)} wanted`,
        })),
  );
  return [...missing, ...lopsided];
}
