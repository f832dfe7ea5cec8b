/**
 * Divides rows into `train.jsonl` and `test.jsonl` by conversation, minimal pair and text, never by row. Stable: the
 * same group always falls on the same side.
 *
 *     npm run data:split -- IN … --out DIR [--test 0.2] [--by conversation|session|source] [--seed TEXT]
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { TIERS } from '../src/core/tier.ts';
import { balanceBy } from '../src/training/data/balance.ts';
import { type DataRow, readRows } from '../src/training/data/read.ts';
import { SPLIT_BY, type SplitBy, splitRows } from '../src/training/data/split.ts';
import { textTable } from '../src/training/data/table.ts';

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('a number between 0 and 1 is needed');
  return value;
}

/** The lines of the rows as they stand in their files. */
function verbatim(rows: readonly DataRow[]): string {
  const files = new Map<string, readonly string[]>();
  return rows
    .map(({ file, where }) => {
      const lines = files.get(file) ?? readFileSync(file, 'utf8').split('\n');
      files.set(file, lines);
      return `${lines[Number(where.slice(where.lastIndexOf(':') + 1)) - 1] ?? ''}\n`;
    })
    .join('');
}

const command = new Command('data:split')
  .description('Divide rows into train and test')
  .argument('<in...>', 'files and folders')
  .requiredOption('--out <dir>', 'folder for train.jsonl and test.jsonl')
  .option('--test <share>', 'share of the groups that are tested on', share, 0.2)
  .addOption(
    new Option('--by <what>', 'what is never divided').choices([...SPLIT_BY]).default('conversation'),
  )
  .option('--seed <text>', 'another division', '')
  .parse();
const { out, test, by, seed } = command.opts<{ out: string; test: number; by: SplitBy; seed: string }>();

try {
  const { rows, problems } = readRows(command.processedArgs[0] as string[]);
  for (const { where, says } of problems.slice(0, 20)) process.stderr.write(`${where}: ${says}\n`);
  if (problems.length > 0) throw new Error(`${problems.length} rows are not valid; nothing was written`);
  const split = splitRows(rows, test, by, seed);
  mkdirSync(out, { recursive: true });
  for (const name of ['train', 'test'] as const) {
    const path = join(out, `${name}.jsonl`);
    writeFileSync(`${path}.part`, verbatim(split[name]));
    renameSync(`${path}.part`, path);
  }
  const table = (['train', 'test'] as const).map((name) => {
    const [all] = balanceBy(split[name], () => name);
    return [name, split[name].length, ...TIERS.map((tier) => all?.tiers[tier] ?? 0)];
  });
  process.stdout.write(
    `${textTable(['split', 'rows', ...TIERS], table)}\n${split.groups} groups by ${by} -> ${out}\n`,
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
