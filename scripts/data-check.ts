/**
 * Checks data files: schema, duplicates, contamination, conflicts, balance, secrets and personal data.
 *
 *     npm run data:check [-- FILE|FOLDER …] [--against FILE …] [--show N]
 *
 * A folder's `check.json` says what it must hold at least and what is excused. Exits non-zero on a violation.
 */
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { TIERS } from '../src/core/tier.ts';
import { redact } from '../src/routing/redact.ts';
import type { Balance } from '../src/training/data/balance.ts';
import { type CheckReport, checkRows } from '../src/training/data/check.ts';
import { readCheckConfig } from '../src/training/data/check-config.ts';
import { readEvaluation } from '../src/training/data/contamination.ts';
import { readRows } from '../src/training/data/read.ts';
import type { FindSensitive } from '../src/training/data/sensitive.ts';
import { textTable } from '../src/training/data/table.ts';

/** What `redact` would take out of a text. */
export const findSensitive: FindSensitive = (text) => {
  const findings: { kind: string; text: string }[] = [];
  redact(text, (kind, found) => findings.push({ kind, text: found }));
  return findings;
};

/** The report of files and folders. Throws where a path does not exist or a `check.json` is not valid. */
export function checkPaths(paths: readonly string[], against: readonly string[] = []): CheckReport {
  const config = readCheckConfig(paths);
  const evaluation = readEvaluation([...config.against, ...against]);
  return checkRows({ read: readRows(paths, true), config, evaluation, findSensitive });
}

function balanceTable(name: string, balances: readonly Balance[]): string {
  const rows = balances.map((balance) => [
    balance.name,
    balance.rows,
    ...TIERS.map((tier) => balance.tiers[tier]),
  ]);
  return textTable([name, 'rows', ...TIERS], rows);
}

/** The report as text, with at most `show` problems a check. */
export function renderReport({ counts, lines, worlds, languages, ok }: CheckReport, show: number): string {
  const { rows, complex, pairs, pairGroups, conversations, nonEnglishShare } = counts;
  const share = `${(nonEnglishShare * 100).toFixed(1)} %`;
  const checks = lines.map((line) => [line.check, line.found, line.ok ? 'ok' : 'VIOLATION']);
  const shown = lines.flatMap(({ check, problems }) => [
    ...problems.slice(0, show).map(({ where, says }) => `${check}: ${where}: ${says}`),
    ...(problems.length > show ? [`${check}: and ${problems.length - show} more`] : []),
  ]);
  return [
    balanceTable('world', worlds),
    balanceTable('language', languages),
    `${rows} rows, ${complex} complex, ${pairs} minimal pairs in ${pairGroups} groups, ${conversations} conversations, ${counts.languages} languages, ${share} not English`,
    textTable(['check', 'found', ''], checks),
    ...(shown.length > 0 ? [shown.join('\n')] : []),
    ok ? 'clean' : 'not clean',
  ].join('\n\n');
}

function main(): void {
  const command = new Command('data:check')
    .description('Check data files; exits non-zero on a violation')
    .argument('[paths...]', 'files and folders', ['training-data'])
    .option('--against <file...>', 'evaluation rows, or labels with hashes, that no row may be in', [])
    .option('--show <n>', 'problems shown a check', Number, 10)
    .parse();
  const { against, show } = command.opts<{ against: string[]; show: number }>();
  try {
    const report = checkPaths(command.processedArgs[0] as string[], against);
    process.stdout.write(`${renderReport(report, show)}\n`);
    if (!report.ok) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
