/** The bundles as a table for people. */
import type { BundleEntry } from './bundles.ts';

/** Shown of each split, beside its rows. */
const FIGURES = ['accuracy', 'macroF1', 'simpleKept'] as const;
const HEAD = ['', 'id', 'created', 'trained on', 'split', 'rows', 'accuracy', 'macro-F1', 'simple kept'];

function trainingRows({ manifest }: BundleEntry): string {
  if (!manifest) return '-';
  return String(Object.values(manifest.data).reduce((sum, { rows }) => sum + rows, 0));
}

/** One line a split; the bundle is named on the first of its lines. */
function linesOf(entry: BundleEntry): string[][] {
  const first = [
    entry.current ? '*' : '',
    entry.id,
    entry.created.toISOString().slice(0, 16).replace('T', ' '),
    trainingRows(entry),
  ];
  const splits = Object.entries(entry.manifest?.metrics ?? {});
  if (splits.length === 0) return [[...first, entry.problem ?? 'not measured', '', '', '', '']];
  return splits.map(([split, metrics], index) => [
    ...(index === 0 ? first : ['', '', '', '']),
    split,
    String(metrics.rows ?? '-'),
    ...FIGURES.map((figure) => metrics[figure]?.toFixed(4) ?? '-'),
  ]);
}

/** The table as text, columns aligned, `*` beside the current bundle. */
export function bundlesTable(entries: readonly BundleEntry[]): string {
  const rows = [HEAD, ...entries.flatMap(linesOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return `${rows.map(line).join('\n')}\n`;
}
