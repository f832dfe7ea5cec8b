/** An evaluation as tables for people. */
import type { Report } from './evaluate.ts';

const COLUMNS = [
  ['accuracy', 'accuracy'],
  ['macro-F1', 'macroF1'],
  ['F1 s', 'f1Simple'],
  ['F1 m', 'f1Moderate'],
  ['F1 c', 'f1Complex'],
  ['under', 'underRouted'],
  ['over', 'overRouted'],
  ['c to s', 'complexToSimple'],
  ['kept', 'simpleKept'],
  ['@50 %', 'accuracyAt50'],
  ['@70 %', 'accuracyAt70'],
  ['@85 %', 'accuracyAt85'],
  ['ECE', 'ece'],
  ['Brier', 'brier'],
] as const;

function number(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '-' : value.toFixed(3);
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, at) => (cells[at] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function figuresTable(named: Readonly<Record<string, Readonly<Record<string, number>>>>): string {
  const rows = Object.entries(named).map(([name, figures]) => [
    name,
    String(figures.rows ?? ''),
    ...COLUMNS.map(([, key]) => number(figures[key])),
  ]);
  return table(['', 'rows', ...COLUMNS.map(([title]) => title)], rows);
}

/** Everything in the report, under headings. */
export function reportText(report: Report): string {
  const { model, figures, intervals, baselines, bySource, byLanguage, byLength, flips, latency, cascades } =
    report;
  const parts = [
    `# ${model} on ${report.rows} rows`,
    figuresTable({ [model]: figures, ...baselines }),
    '## 95 % intervals',
    table(
      ['figure', 'value', 'low', 'high'],
      Object.entries(intervals).map(([name, { value, low, high }]) => [
        name,
        number(value),
        number(low),
        number(high),
      ]),
    ),
    '## By source',
    figuresTable(bySource),
    '## By language',
    figuresTable(byLanguage),
    '## By length, characters',
    figuresTable(byLength),
    '## Decisions flipped',
    table(
      ['change', 'share'],
      Object.entries(flips).map(([name, share]) => [name, number(share)]),
    ),
  ];
  if (latency) {
    const { p50, p99, perSecond } = latency;
    parts.push(
      '## Tokenise and infer, 200 tokens, one thread',
      `p50 ${p50.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms, ${Math.round(perSecond)} a second`,
    );
  }
  for (const [judge, points] of Object.entries(cascades)) {
    parts.push(
      `## Cascade with the judge ${judge}`,
      table(
        ['share of calls', 'accuracy', 'complex to simple'],
        points.map((point) => [
          point.calls.toFixed(1),
          number(point.accuracy),
          number(point.complexToSimple),
        ]),
      ),
    );
  }
  return `${parts.join('\n\n')}\n`;
}
