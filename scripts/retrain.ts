/**
 * Retrains the classifier from the feedback in the store and promotes the result if it proves better.
 *
 *     npm run retrain [-- --id NAME] [--store FILE] [--days N] [--rows N] [--from DIR] [--objective accuracy|cost] [--no-promote]
 *
 * Reads the store beside a running server without blocking it. After an interruption the same call with `--id` of the
 * bundle goes on where it was: feedback that was read and a bundle that was trained are not read and trained again. Exits with 0 whether or not a better model was found.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createTokenReader } from '../src/classifiers/token-text.ts';
import { loadConfig } from '../src/config/load.ts';
import type { PerTier } from '../src/core/tier.ts';
import { FEATURE_VERSION } from '../src/routing/features.ts';
import { openSqliteStore } from '../src/store/sqlite.ts';
import { readBaseData } from '../src/training/base-data.ts';
import { type CollectedFeedback, collectFeedback } from '../src/training/feedback-examples.ts';
import { FIT_DEFAULTS } from '../src/training/fit.ts';
import {
  DEFAULT_PRICES,
  type Difference,
  OBJECTIVES,
  type Objective,
} from '../src/training/promotion-gate.ts';
import { retrain } from '../src/training/retrain.ts';
import { collectOnce, dropSnapshot, snapshotPath } from '../src/training/snapshot.ts';

interface Options {
  readonly store?: string;
  readonly days: number;
  readonly rows: number;
  readonly from?: string;
  readonly data: string;
  readonly models: string;
  readonly id?: string;
  readonly doubt: number;
  readonly risk: number;
  readonly objective: Objective;
  readonly prices: PerTier<number>;
  readonly promote: boolean;
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('a whole number above 0 is wanted.');
}

function readPrices(text: string): PerTier<number> {
  const [simple, moderate, complex, ...more] = text.split(',').map(Number);
  const given = [simple, moderate, complex];
  if (!simple || !moderate || !complex || more.length > 0 || !given.every((price) => Number(price) > 0)) {
    throw new InvalidArgumentError('three numbers above 0, as 1,5,25, are wanted.');
  }
  return { simple, moderate, complex };
}

const DAY_MS = 86_400_000;

const options = new Command('retrain')
  .description('Retrain the classifier from logged feedback')
  .option('--store <file>', 'SQLite store (default: as the server finds it)')
  .option('--days <n>', 'how many days of feedback', Number, 90)
  .option('--rows <n>', 'most rows of feedback to train on; people first, then chance', readCount, 100_000)
  .option('--from <dir>', 'folder with the public rows', process.env.ROUTER_DATA_DIR)
  .option('--data <dir>', 'committed training data', 'training-data')
  .option('--models <dir>', 'where bundles go', 'models')
  .option('--id <name>', 'name of the bundle (default: by the time)')
  .option('--doubt <share>', 'share of requests the judge may be asked', Number, 0.2)
  .option('--risk <share>', 'share of complex requests the simple tier may answer', Number, 0.05)
  .addOption(
    new Option('--objective <name>', 'what has to be better: accuracy, or cost at no less sufficiency')
      .choices(OBJECTIVES)
      .default('accuracy'),
  )
  .option('--prices <s,m,c>', 'relative prices of the three tiers', readPrices, DEFAULT_PRICES)
  .option('--no-promote', 'write the bundle and the verdict, but keep the running one')
  .parse()
  .opts<Options>();

function line({ test, figure, rows, champion, challenger, value, low, high, verdict }: Difference): string {
  const cells = [test, figure, rows, champion.toFixed(4), challenger.toFixed(4)];
  return `| ${[...cells, `${value.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`, verdict].join(' | ')} |`;
}

const now = new Date();
const id = options.id ?? `retrained-${now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`;
const path = options.store ?? loadConfig({ env: process.env }).store.path;
const snapshot = snapshotPath(options.models, id);

async function readStore(): Promise<CollectedFeedback> {
  if (!existsSync(path)) {
    process.stderr.write(`There is no store at ${path}. Name one with --store or ROUTER_STORE.\n`);
    process.exit(2);
  }
  const store = await openSqliteStore(path);
  const window = { from: now.getTime() - options.days * DAY_MS, to: now.getTime() + 1 };
  const found = await collectFeedback(store.labelled(window), FEATURE_VERSION, {
    readText: createTokenReader(options.models),
    mostRows: options.rows,
  });
  await store.close();
  return found;
}

const { days, rows, doubt, risk, objective, prices } = options;
const key = {
  store: resolve(path),
  days,
  rows,
  doubt,
  risk,
  objective,
  prices: Object.values(prices).join(),
  features: FEATURE_VERSION,
};
const collected = await collectOnce(snapshot, key, readStore);
const { skipped, surplus, bySource, excess, resumed } = collected;
process.stdout.write(
  `${resumed ? `continuing ${id} with the feedback that was read before\n` : ''}` +
    `${collected.examples.length} requests with feedback: ${JSON.stringify(bySource)}; left out: ${JSON.stringify(skipped)}\n` +
    `${surplus > 0 ? `${surplus} more than --rows left out by chance\n` : ''}` +
    `over a limit and scaled down: ${JSON.stringify(excess)}\n`,
);
if (collected.examples.length === 0) {
  process.stdout.write('Nothing to learn from yet: the running model stays.\n');
  process.exit(0);
}

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const bar = new SingleBar({ format: 'retrain {bar} {percentage} %' });
bar.start(100, 0);
const report = await retrain({
  base: readBaseData({ data: options.data, from: options.from }),
  feedback: collected.examples,
  models: options.models,
  id,
  ...(existsSync(join(options.models, 'current')) ? { champion: options.models } : {}),
  gate: { objective, prices },
  resume: resumed,
  promote: options.promote,
  codeVersion: version,
  fit: { ...FIT_DEFAULTS, onProgress: (done) => bar.update(Math.floor(done * 100)) },
  doubtShare: doubt,
  risk,
});
bar.update(100);
bar.stop();
dropSnapshot(snapshot);
const { gate, trained, trainedOn, heldBack } = report;
const head =
  '| rows | figure | n | champion | challenger | difference (95 %) | verdict |\n|---|---|---|---|---|---|---|';
process.stdout.write(
  `${trained ? '' : 'the bundle was complete already: '}trained on ${trainedOn.base} base rows and ${trainedOn.feedback} with feedback; ${heldBack} held back for the gate\n\n` +
    `${head}\n${gate.differences.map(line).join('\n')}\n\n` +
    `${gate.promoted ? (options.promote ? `PROMOTED ${id}` : `${id} MAY BE PROMOTED`) : `${id} NOT PROMOTED, the running model stays`}: ${gate.reason}\n`,
);
