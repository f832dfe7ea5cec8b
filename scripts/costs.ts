/**
 * Reports what calls of models cost, and what routing saved, from the ledger.
 *
 *     npm run costs -- [--from DAY] [--to DAY] [--by tier|model|key|team|route|day|source|kind|validator]
 *                      [--format table|csv|json] [--config FILE] [--store FILE]
 *
 * Times are UTC: `--from` is inclusive, `--to` exclusive, a day is its midnight; without them, the last seven whole days
 * and today. May run beside the server. Exits with 1 where the ledger has nothing in the window, 2 on a wrong call.
 */
import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { type Config, ConfigError, loadConfig } from '../src/config/load.ts';
import { LEDGER_GROUPINGS, type LedgerGrouping } from '../src/core/ledger.ts';
import { createSqlLedger } from '../src/store/ledger.ts';
import { openSqliteDatabase } from '../src/store/sqlite.ts';
import { readCostReport, toCsv, toJson, toTable } from './cost-report.ts';
import { createOutput } from './output.ts';

const FORMATS = { table: toTable, csv: toCsv, json: toJson } as const;
const DAY_MS = 86_400_000;
const DAYS = 7;

interface Options {
  readonly from?: string;
  readonly to?: string;
  readonly by: LedgerGrouping;
  readonly format: keyof typeof FORMATS;
  readonly config?: string;
  readonly store?: string;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/** A day, or an instant with its offset. */
const INSTANT = z.iso.date().or(z.iso.datetime({ offset: true }));

function instant(text: string, option: string): number {
  if (!INSTANT.safeParse(text).success) {
    fail(`${option}: must be a day or an instant, e.g. 2026-03-31 or 2026-03-31T12:00:00Z.`);
  }
  return Date.parse(text);
}

function configOf({ config }: Options): Config {
  try {
    return loadConfig({ env: process.env, ...(config === undefined ? {} : { path: config }) });
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message);
    throw error;
  }
}

const options = new Command('costs')
  .description('Report costs and savings from the ledger')
  .option('--from <time>', 'first day or instant, UTC, inclusive (default: seven days before today)')
  .option('--to <time>', 'last day or instant, UTC, exclusive (default: now)')
  .addOption(new Option('--by <grouping>', 'what a row stands for').choices(LEDGER_GROUPINGS).default('tier'))
  .addOption(
    new Option('--format <format>', 'how it is written').choices(Object.keys(FORMATS)).default('table'),
  )
  .option('--config <file>', 'configuration (default: as the server finds it)')
  .option('--store <file>', 'SQLite store (default: as the server finds it)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .parse()
  .opts<Options>();

const now = Date.now();
const to = options.to === undefined ? now + 1 : instant(options.to, '--to');
const from =
  options.from === undefined
    ? (Math.floor(Math.min(now, to) / DAY_MS) - DAYS) * DAY_MS
    : instant(options.from, '--from');
if (from >= to) fail('--from: must be before --to.');
const config = configOf(options);
const path = options.store ?? config.store.path;
if (!existsSync(path)) fail(`There is no store at ${path}. Name one with --store, --config or ROUTER_STORE.`);

const db = await openSqliteDatabase(path);
const report = await readCostReport(
  createSqlLedger(db),
  { from, to },
  { by: options.by, batchDiscount: config.policy.batch_discount },
);
await db.destroy();
const write = createOutput(process.env, process.argv.slice(2));
await write(FORMATS[options.format](report));
if (report.total.calls === 0) process.exitCode = 1;
