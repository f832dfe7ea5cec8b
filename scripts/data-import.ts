/**
 * Imports logs and tables as rows of our schema, JSON Lines.
 *
 *     npm run data:import -- [--format auto] [--source NAME] [--no-redact] IN OUT
 *
 * Records that cannot be read are reported with their lines, and counted; they make the exit status 1, the good ones
 * are written all the same.
 */
import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { redact } from '../src/routing/redact.ts';
import { FORMAT_NAMES, type FormatName, importFile } from '../src/training/data/import/import.ts';

const command = new Command('data:import')
  .description('Import logs and tables as rows')
  .argument('<in>', 'CSV, JSON Lines or JSON')
  .argument('<out>', 'JSON Lines')
  .addOption(new Option('--format <name>', 'format of the input').choices([...FORMAT_NAMES]).default('auto'))
  .option('--source <name>', 'name the rows carry')
  .option('--no-redact', 'leave secrets and personal data in')
  .option('--keep-repeats', 'keep requests that stand there more than once')
  .option('--show <n>', 'problems shown', Number, 20)
  .parse();
const [from, to] = command.processedArgs as [string, string];
const options = command.opts<{
  format: FormatName;
  source?: string;
  redact: boolean;
  keepRepeats?: boolean;
  show: number;
}>();

try {
  const { rows, records, problems, skipped, repeats, redacted, format } = await importFile(from, {
    format: options.format,
    ...(options.source ? { source: options.source } : {}),
    ...(options.redact ? { redact: (text: string) => redact(text) } : {}),
    ...(options.keepRepeats ? { keepRepeats: true } : {}),
  });
  writeFileSync(to, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  for (const { where, says } of problems.slice(0, options.show)) process.stderr.write(`${where}: ${says}\n`);
  if (problems.length > options.show) process.stderr.write(`and ${problems.length - options.show} more\n`);
  const counts = [
    `${records} records (${format})`,
    `${rows.length} rows`,
    ...Object.entries(skipped).map(([reason, number]) => `${number} left out: ${reason}`),
    ...(repeats > 0 ? [`${repeats} repeats left out`] : []),
    ...(redacted > 0 ? [`${redacted} redacted`] : []),
    `${problems.length} not readable`,
  ];
  process.stdout.write(`${counts.join('\n')}\n-> ${to}\n`);
  if (problems.length > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
