/**
 * Trains a bundle from the committed rows, and from the public ones where a folder has them.
 *
 *     npm run train [-- --from DIR] [--id NAME] [--seed N]
 *
 * DIR (or ROUTER_DATA_DIR) holds `tiers-public.jsonl` and `outcomes/`; a fifth of the public rows is held out.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { readBaseData } from '../src/training/base-data.ts';
import { moveTo } from '../src/training/bundles.ts';
import { FIT_DEFAULTS } from '../src/training/fit.ts';
import { train } from '../src/training/train.ts';

const command = new Command('train')
  .description('Train a classifier bundle')
  .option('--from <dir>', 'folder with the public rows', process.env.ROUTER_DATA_DIR)
  .option('--data <dir>', 'committed training data', 'training-data')
  .option('--models <dir>', 'where bundles go', 'models')
  .option('--id <name>', 'name of the bundle', 'default')
  .option('--doubt <share>', 'share of requests the judge may be asked', Number, 0.3)
  .option('--risk <share>', 'share of complex requests the simple tier may answer', Number, 0.05)
  .option('--seed <n>', 'seed', Number, FIT_DEFAULTS.seed)
  .parse();
const { from, data, models, id, doubt, risk, seed } = command.opts<{
  from?: string;
  data: string;
  models: string;
  id: string;
  doubt: number;
  risk: number;
  seed: number;
}>();

const base = readBaseData({ data, from });
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const started = Date.now();
const bar = new SingleBar({ format: 'train {bar} {percentage} %' });
bar.start(100, 0);
const manifest = await train({
  ...base.input,
  lexiconPath: base.lexiconPath,
  fit: { ...FIT_DEFAULTS, seed, onProgress: (done) => bar.update(Math.floor(done * 100)) },
  id,
  models,
  codeVersion: version,
  tests: base.tests,
  doubtShare: doubt,
  risk,
});
moveTo(models, id, { action: 'promote', at: new Date() });
bar.update(100);
bar.stop();
const rows = Object.values(manifest.data).reduce((sum, source) => sum + source.rows, 0);
process.stdout.write(
  `${rows} rows in ${Math.round((Date.now() - started) / 1000)} s -> ${join(models, id)}\n`,
);
const SHOWN = ['accuracy', 'macroF1', 'simpleKept', 'accuracyAt70', 'ece'];
for (const [name, figures] of Object.entries(manifest.metrics)) {
  const shown = SHOWN.flatMap((key) => (figures[key] === undefined ? [] : [`${key} ${figures[key]}`]));
  process.stdout.write(`${name}: ${shown.join(', ')}\n`);
}
