/**
 * Trains a bundle from the committed rows, and from the public ones where a folder has them.
 *
 *     npm run train [-- --from DIR] [--id NAME] [--seed N] [--encoder PATH_OR_ID]
 *
 * DIR (or ROUTER_DATA_DIR) holds `tiers-public.jsonl` and `outcomes/`; a fifth of the public rows is held out.
 * With `--encoder` our heads are trained on top of a frozen feature-extraction model: a folder in the Hugging Face
 * layout (`config.json`, `tokenizer.json`, `tokenizer_config.json`, `onnx/model.onnx`), or the name of a hub model,
 * which is downloaded once.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { readBaseData } from '../src/training/base-data.ts';
import { moveTo } from '../src/training/bundles.ts';
import { trainOnEncoder } from '../src/training/encoder.ts';
import { type Encoder, EncoderError, openEncoder } from '../src/training/encoder-files.ts';
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
  .option(
    '--encoder <path or id>',
    'folder or hub name of a feature-extraction model that our heads stand on',
  )
  .option('--encoders <dir>', 'where encoders of the hub are kept', '.router/encoders')
  .parse();
const { from, data, models, id, doubt, risk, seed, encoder, encoders } = command.opts<{
  from?: string;
  data: string;
  models: string;
  id: string;
  doubt: number;
  risk: number;
  seed: number;
  encoder?: string;
  encoders: string;
}>();

/** The encoder that the user names; ends the program with what to do where it cannot be had. */
async function namedEncoder(name: string): Promise<Encoder> {
  try {
    return await openEncoder(name, { cache: encoders });
  } catch (error) {
    if (!(error instanceof EncoderError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}
const frozen = encoder === undefined ? undefined : await namedEncoder(encoder);

const base = readBaseData({ data, from });
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const started = Date.now();
const bar = new SingleBar({ format: 'train {bar} {percentage} %' });
bar.start(100, 0);
const options = {
  ...base.input,
  lexiconPath: base.lexiconPath,
  fit: { ...FIT_DEFAULTS, seed, onProgress: (done: number) => bar.update(Math.floor(done * 100)) },
  id,
  models,
  codeVersion: version,
  tests: base.tests,
  doubtShare: doubt,
  risk,
};
const manifest = await (frozen ? trainOnEncoder({ ...options, encoder: frozen }) : train(options));
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
