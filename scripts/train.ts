/**
 * Trains a bundle from the committed rows, and from the public ones where a folder has them.
 *
 *     npm run train [-- --from DIR] [--id NAME] [--seed N]
 *
 * DIR (or ROUTER_DATA_DIR) holds `tiers-public.jsonl` and `outcomes/`; a fifth of the public rows is held out.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { type Example, isHeldOut, readExamples } from '../src/training/examples.ts';
import { FIT_DEFAULTS } from '../src/training/fit.ts';
import { readLexicon } from '../src/training/lexicon.ts';
import { readOutcomeModels, readOutcomes, sampleBySource } from '../src/training/outcomes.ts';
import { readPretrained } from '../src/training/pretrain.ts';
import { train } from '../src/training/train.ts';

/** Rows taken from each outcome table: more of them only cost time. */
const OUTCOME_ROWS = 1_000;
/** The rows we wrote have more complex work than traffic has; see the README's experiments. */
const AUTHORED_WEIGHT = 0.5;

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

const shared = (file: string): Example[] =>
  from && existsSync(join(from, file)) ? readExamples(join(from, file), file) : [];
const labelled = shared('tiers-public.jsonl');
const outcomes = from ? readOutcomes(join(from, 'outcomes')) : [];
const authored = readExamples(join(data, 'authored'), 'authored');
const lexiconPath = join(data, 'lexicon.tsv');
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const started = Date.now();
const bar = new SingleBar({ format: 'train {bar} {percentage} %' });
bar.start(100, 0);
const manifest = await train({
  examples: [...labelled.filter((row) => !isHeldOut(row.id)), ...authored],
  outcomes: sampleBySource(outcomes, OUTCOME_ROWS),
  outcomeModels: readOutcomeModels(join(data, 'outcome-models.json')),
  weightOf: ({ source }) => (source.startsWith('authored') ? AUTHORED_WEIGHT : 1),
  pretrained: readPretrained(join(data, 'pretrained')),
  lexicon: readLexicon(lexiconPath),
  lexiconPath,
  fit: { ...FIT_DEFAULTS, seed, onProgress: (done) => bar.update(Math.floor(done * 100)) },
  id,
  models,
  codeVersion: version,
  tests: { heldOut: labelled.filter((row) => isHeldOut(row.id)), dev: shared('tier-dev.jsonl') },
  doubtShare: doubt,
  risk,
});
bar.update(100);
bar.stop();
const rows = Object.values(manifest.data).reduce((sum, source) => sum + source.rows, 0);
process.stdout.write(
  `${rows} rows in ${Math.round((Date.now() - started) / 1000)} s -> ${join(models, id)}\n`,
);
for (const [name, figures] of Object.entries(manifest.metrics)) {
  const { accuracy, macroF1, simpleKept, accuracyAt70, ece } = figures;
  process.stdout.write(
    `${name}: accuracy ${accuracy}, macro-F1 ${macroF1}, simple kept ${simpleKept}, at 70 % ${accuracyAt70}, ECE ${ece}\n`,
  );
}
