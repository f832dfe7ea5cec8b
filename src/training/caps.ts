/**
 * No single API key, session or day may teach the model more than its share: what is above a limit is scaled down, all
 * of it by the same factor, so that no order of arrival decides whose vote counts.
 */

/** Most total weight (1 is one certain correction, 0.7 a thumb) that each may bring. */
export interface Caps {
  readonly perKeyPerDay: number;
  readonly perSession: number;
  readonly perDay: number;
}

export const DEFAULT_CAPS: Caps = {
  /** A person who votes every two minutes of a working day brings 168; more is a script or a campaign. */
  perKeyPerDay: 200,
  /** A conversation's turns resemble each other: past some thirty thumbs it teaches its own subject only. */
  perSession: 20,
  /** 25 keys at their limit; a day of an incident then weighs no more than the others of its week. */
  perDay: 5_000,
};

/** One judgement, with whom it is to be counted against. */
export interface Weighted {
  readonly weight: number;
  /** Unix milliseconds; the day is the UTC day. */
  readonly at: number;
  readonly session?: string | undefined;
  /** Label of the API key behind it. All that name none share one limit: leaving the key out is no way round. */
  readonly key?: string | undefined;
}

export interface Excess {
  /** How many sessions, keys on a day, or days were above the limit. */
  readonly groups: number;
  /** Judgements in them. */
  readonly rows: number;
  /** Weight that was taken from them. */
  readonly removed: number;
}

export interface Capped {
  /** In the order of the rows. */
  readonly weights: readonly number[];
  readonly excess: Readonly<Record<keyof Caps, Excess>>;
}

const DAY_MS = 86_400_000;
const dayOf = ({ at }: Weighted): string => String(Math.floor(at / DAY_MS));

/** The group a row counts against, undefined for none. In the order in which the limits are applied. */
const GROUPS: Readonly<Record<keyof Caps, (row: Weighted) => string | undefined>> = {
  perSession: (row) => row.session,
  perKeyPerDay: (row) => `${dayOf(row)} ${row.key ?? ''}`,
  perDay: dayOf,
};

function scaleDown(
  rows: readonly Weighted[],
  weights: number[],
  limit: number,
  groupOf: (row: Weighted) => string | undefined,
): Excess {
  const groups = new Map<string, { total: number; rows: number }>();
  for (const [index, row] of rows.entries()) {
    const group = groupOf(row);
    if (group === undefined) continue;
    const sum = groups.get(group) ?? { total: 0, rows: 0 };
    groups.set(group, { total: sum.total + (weights[index] ?? 0), rows: sum.rows + 1 });
  }
  const above = [...groups.values()].filter(({ total }) => total > limit);
  if (above.length > 0) {
    for (const [index, row] of rows.entries()) {
      const total = groups.get(groupOf(row) ?? '')?.total ?? 0;
      if (total > limit) weights[index] = ((weights[index] ?? 0) * limit) / total;
    }
  }
  return {
    groups: above.length,
    rows: above.reduce((sum, group) => sum + group.rows, 0),
    removed: above.reduce((sum, { total }) => sum + total - limit, 0),
  };
}

/**
 * The weights under the limits: sessions first, then keys on each day, then days, each on what the one before left, so
 * that every limit holds in the end.
 */
export function capWeights(rows: readonly Weighted[], caps: Caps = DEFAULT_CAPS): Capped {
  const weights = rows.map(({ weight }) => weight);
  const apply = (cap: keyof Caps): Excess => scaleDown(rows, weights, caps[cap], GROUPS[cap]);
  const excess = {
    perSession: apply('perSession'),
    perKeyPerDay: apply('perKeyPerDay'),
    perDay: apply('perDay'),
  };
  return { weights, excess };
}
