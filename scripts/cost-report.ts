/** What `npm run costs` says, as a value and as text. */
import type { Interval } from '../src/core/interval.ts';
import type { Ledger, LedgerGroup, LedgerGrouping, LedgerSums, Savings } from '../src/core/ledger.ts';
import { SAVINGS_ASSUMPTION } from '../src/core/savings.ts';
import type { StatsWindow } from '../src/core/store.ts';

/** Requests that were not routed: pinned by their caller, or outside the roll-out. */
const UNROUTED: readonly string[] = ['override', 'rollout'];

/** What requests cost that were routed, or were not. */
export interface Observed {
  readonly requests: number;
  readonly costUsd: number;
  readonly unknownCalls: number;
  /** Known cost by request, USD; null where there are none. */
  readonly perRequestUsd: number | null;
}

export interface CostReport {
  readonly window: StatsWindow;
  readonly by: LedgerGrouping;
  readonly groups: readonly LedgerGroup[];
  readonly total: LedgerSums;
  readonly savings: Savings;
  readonly routed: Observed;
  readonly unrouted: Observed;
  /** Discount of batch endpoints, 0 to 1. */
  readonly batchDiscount: number;
}

function observed(groups: readonly LedgerGroup[]): Observed {
  const sum = (value: (group: LedgerGroup) => number): number =>
    groups.reduce((total, group) => total + value(group), 0);
  const requests = sum((group) => group.requests);
  const costUsd = sum((group) => group.costUsd);
  return {
    requests,
    costUsd,
    unknownCalls: sum((group) => group.unknownCalls),
    perRequestUsd: requests === 0 ? null : costUsd / requests,
  };
}

/** Reads the ledger in pieces; what it holds in memory does not grow with the number of rows. */
export async function readCostReport(
  ledger: Ledger,
  window: StatsWindow,
  { by, batchDiscount }: { readonly by: LedgerGrouping; readonly batchDiscount: number },
): Promise<CostReport> {
  const sources = await ledger.groups(window, 'source');
  const isUnrouted = ({ group }: LedgerGroup): boolean => UNROUTED.includes(group);
  return {
    window,
    by,
    groups: by === 'source' ? sources : await ledger.groups(window, by),
    total: await ledger.total(window),
    savings: await ledger.savings(window),
    routed: observed(sources.filter((group) => !isUnrouted(group))),
    unrouted: observed(sources.filter(isUnrouted)),
    batchDiscount,
  };
}

/** Column names and values, in their order. */
export const COLUMNS: readonly (readonly [string, (sums: LedgerSums) => number | null])[] = [
  ['requests', (sums) => sums.requests],
  ['calls', (sums) => sums.calls],
  ['failed_calls', (sums) => sums.failedCalls],
  ['input_tokens', (sums) => sums.inputTokens],
  ['cached_input_tokens', (sums) => sums.cachedInputTokens],
  ['cache_write_tokens', (sums) => sums.cacheWriteTokens],
  ['output_tokens', (sums) => sums.outputTokens],
  ['reasoning_tokens', (sums) => sums.reasoningTokens],
  ['cost_usd', (sums) => sums.costUsd],
  ['unknown_calls', (sums) => sums.unknownCalls],
  ['unpriced_calls', (sums) => sums.unpricedCalls],
  ['batch_eligible_usd', (sums) => sums.batchEligibleUsd],
  ['before_usd', (sums) => sums.beforeUsd],
  ['after_usd', (sums) => sums.afterUsd],
  ['saved_usd', (sums) => exact(sums.beforeUsd - sums.afterUsd)],
  ['saved_share', (sums) => (sums.beforeUsd === 0 ? null : 1 - sums.afterUsd / sums.beforeUsd)],
];

/** A difference of amounts, to the picodollar. */
function exact(usd: number): number {
  return Math.round(usd * 1e12) / 1e12;
}

/** An amount as a decimal number without an exponent, to the picodollar. */
function decimal(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(12).replace(/\.?0+$/, '');
}

const recordOf = (sums: LedgerSums): Record<string, number | null> =>
  Object.fromEntries(COLUMNS.map(([name, value]) => [name, value(sums)]));

const iso = (at: number): string => new Date(at).toISOString();

function savingsRecord(savings: Savings): object {
  const bounds = (value: Interval | null): object | null =>
    value && { low_usd: value.low, high_usd: value.high };
  return {
    requests: savings.requests,
    unknown: savings.unknown,
    before_usd: savings.baselineCostUsd,
    after_usd: savings.costUsd,
    saved_usd: savings.savedUsd,
    saved_share: savings.savedShare,
    interval_over_requests: bounds(savings.overRequests),
    interval_over_days: bounds(savings.overDays),
    counterfactuals: savings.counterfactuals,
    assumption: SAVINGS_ASSUMPTION,
  };
}

export function toJson(report: CostReport): string {
  const { window, by, groups, total, routed, unrouted } = report;
  const observedRecord = (value: Observed): object => ({
    requests: value.requests,
    cost_usd: value.costUsd,
    unknown_calls: value.unknownCalls,
    cost_per_request_usd: value.perRequestUsd,
  });
  const document = {
    from: iso(window.from),
    to: iso(window.to),
    by,
    rows: groups.map(({ group, ...sums }) => ({ [by]: group, ...recordOf(sums) })),
    total: recordOf(total),
    savings: savingsRecord(report.savings),
    batch: {
      eligible_usd: total.batchEligibleUsd,
      discount: report.batchDiscount,
      would_save_usd: batchSavings(report),
    },
    observed: { routed: observedRecord(routed), not_routed: observedRecord(unrouted) },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** A field as RFC 4180 has it; what a spreadsheet would take for a formula is made text. */
function csvField(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line a group, with a head and without a total. */
export function toCsv({ by, groups }: CostReport): string {
  const lines = groups.map(({ group, ...sums }) => [
    csvField(group),
    ...COLUMNS.map(([, value]) => {
      const figure = value(sums);
      return figure === null ? '' : decimal(figure);
    }),
  ]);
  return `${[[by, ...COLUMNS.map(([name]) => name)], ...lines].map((line) => line.join(',')).join('\r\n')}\r\n`;
}

/** Four figures, but never an exponent: `12.35`, `0.0001235`. */
function usd(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(2, 3 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(12, digits));
}

const percent = (share: number | null): string => (share === null ? '' : `${(100 * share).toFixed(1)} %`);

function alignedTable(rows: readonly (readonly string[])[]): string {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function tableRow(name: string, sums: LedgerSums): string[] {
  const { beforeUsd, afterUsd } = sums;
  return [
    name,
    ...[sums.requests, sums.calls, sums.inputTokens, sums.cachedInputTokens, sums.outputTokens].map(String),
    usd(sums.costUsd),
    String(sums.unknownCalls),
    usd(beforeUsd),
    usd(afterUsd),
    percent(beforeUsd === 0 ? null : 1 - afterUsd / beforeUsd),
  ];
}

const HEAD = [
  'requests',
  'calls',
  'input',
  'cached',
  'output',
  'cost USD',
  'unknown',
  'before',
  'after',
  'saved',
];

function savedLines({ savings }: CostReport): string[] {
  const { overRequests, overDays, unknown, counterfactuals } = savings;
  const names = Object.keys(counterfactuals).join(', ') || 'none';
  const interval = (what: string, bounds: Interval | null): string =>
    bounds ? `${usd(bounds.low)} to ${usd(bounds.high)} by ${what}` : `too few ${what}`;
  return [
    `saved ${usd(savings.savedUsd)} USD${savings.savedShare === null ? '' : ` (${percent(savings.savedShare)})`} of ${savings.requests} requests against ${names}`,
    `  95 % interval: ${interval('requests', overRequests)}; ${interval('days', overDays)}`,
    `  ${SAVINGS_ASSUMPTION}`,
    ...(unknown > 0
      ? [`  left out: ${unknown} requests of which a cost or the counterfactual is unknown`]
      : []),
  ];
}

function observedLine(name: string, { requests, costUsd, perRequestUsd, unknownCalls }: Observed): string {
  const each = perRequestUsd === null ? '' : `, ${usd(perRequestUsd)} each`;
  const unknown = unknownCalls > 0 ? `, ${unknownCalls} calls of unknown cost apart` : '';
  return `${name}: ${requests} requests, ${usd(costUsd)} USD${each}${unknown}`;
}

/** USD that batch endpoints would have saved on what could wait. */
function batchSavings({ total, batchDiscount }: CostReport): number {
  return exact(total.batchEligibleUsd * batchDiscount);
}

export function toTable(report: CostReport): string {
  const { window, by, groups, total } = report;
  const rows = [
    [by, ...HEAD],
    ...groups.map(({ group, ...sums }) => tableRow(group || '(none)', sums)),
    tableRow('total', total),
  ];
  const unpriced = total.unpricedCalls;
  return [
    `Costs from ${iso(window.from)} to before ${iso(window.to)} (UTC), by ${by}`,
    '',
    alignedTable(rows),
    '',
    ...(total.unknownCalls > 0
      ? [
          `unknown: ${total.unknownCalls} calls are missing from the cost, ${unpriced} of them of models without a price`,
        ]
      : []),
    ...(total.batchEligibleUsd > 0
      ? [
          `could have waited for a batch: ${usd(total.batchEligibleUsd)} USD, of which its discount would have saved ${usd(batchSavings(report))}`,
        ]
      : []),
    ...savedLines(report),
    observedLine('routed', report.routed),
    observedLine('not routed (pinned, or outside the roll-out)', report.unrouted),
    '',
  ].join('\n');
}
