/**
 * What the rows teach, measured by one plain model: our rows alone, the public rows alone, both with 25, 50 and 100 %
 * of ours; on the development prompts, on the held-out fifth of the public rows, and on worlds of ours held out whole.
 *
 *     npm run data:yardstick -- --from DIR [--data training-data/authored]
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { bootstrap } from '../src/training/bootstrap.ts';
import { type Example, isHeldOut, readExamples } from '../src/training/examples.ts';
import type { Judged } from '../src/training/metrics.ts';
import { figuresOf, trainYardstick } from '../src/training/yardstick.ts';

/** Worlds are held out a fifth at a time. */
const WORLD_FOLDS = 5;

const options = new Command('data-yardstick')
  .description('Measure training rows with one plain model')
  .option('--from <dir>', 'folder with tiers-public.jsonl and tier-dev.jsonl', process.env.ROUTER_DATA_DIR)
  .option('--data <dir>', 'our rows', 'training-data/authored')
  .parse()
  .opts<{ from?: string; data: string }>();

const read = (file: string): Example[] => {
  const path = join(options.from ?? '', file);
  return options.from !== undefined && existsSync(path) ? readExamples(path, file) : [];
};
const publicRows = read('tiers-public.jsonl');
const train = publicRows.filter((row) => !isHeldOut(row.id));
const heldOut = publicRows.filter((row) => isHeldOut(row.id));
const dev = read('tier-dev.jsonl');
const ours = readExamples(options.data, 'authored');

/** A stable share of rows, whole groups at a time. */
function shareOf(rows: readonly Example[], share: number): Example[] {
  const draw = (group: string): number =>
    Number.parseInt(createHash('sha1').update(`share:${group}`).digest('hex').slice(0, 8), 16) / 2 ** 32;
  return rows.filter((row) => draw(row.group) < share);
}

const SETS: readonly { readonly name: string; readonly ours: number; readonly public: boolean }[] = [
  { name: 'ours, 25 %', ours: 0.25, public: false },
  { name: 'ours, 50 %', ours: 0.5, public: false },
  { name: 'ours, 100 %', ours: 1, public: false },
  { name: 'public', ours: 0, public: true },
  { name: 'public + ours, 25 %', ours: 0.25, public: true },
  { name: 'public + ours, 50 %', ours: 0.5, public: true },
  { name: 'public + ours, 100 %', ours: 1, public: true },
].filter((set) => train.length > 0 || !set.public);

const worlds = [...new Set(ours.map((row) => row.source))].sort();
const foldOfWorld = new Map(worlds.map((world, index) => [world, index % WORLD_FOLDS]));
const bar = new SingleBar({ format: 'yardstick {bar} {value}/{total} fits' });
bar.start(SETS.length * (1 + WORLD_FOLDS), 0);

function cell(judged: readonly Judged[]): string {
  if (judged.length === 0) return '-';
  const { accuracy, macroF1, recallComplex } = figuresOf(judged);
  return [accuracy, macroF1, recallComplex].map((value) => value.toFixed(3)).join(' / ');
}

/** Predictions of the public rows alone, against which the last set is compared row by row. */
const onPublic = new Map<string, readonly Judged[]>();

/** Accuracy gained over the public rows alone, with its paired 95 % bootstrap interval. */
function gain(set: string, judged: readonly Judged[]): string {
  const before = onPublic.get(set);
  if (!before || judged.length === 0) return '-';
  const pairs = judged.map(
    (row, at) => Number(row.tier === row.truth) - Number(before[at]?.tier === row.truth),
  );
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const { value, low, high } = bootstrap(pairs, mean);
  return `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

const gains: string[] = [];
const lines = SETS.map((set) => {
  const rowsFor = (own: readonly Example[]): Example[] => [
    ...(set.public ? train : []),
    ...shareOf(own, set.ours),
  ];
  const whole = trainYardstick(rowsFor(ours));
  bar.increment();
  const worldsOut = Array.from({ length: WORLD_FOLDS }, (_, fold) => {
    const model = trainYardstick(rowsFor(ours.filter((row) => foldOfWorld.get(row.source) !== fold)));
    bar.increment();
    return model.predict(ours.filter((row) => foldOfWorld.get(row.source) === fold));
  }).flat();
  const judged = { dev: whole.predict(dev), 'held-out public': whole.predict(heldOut), worlds: worldsOut };
  for (const [name, rows] of Object.entries(judged)) {
    if (set.name === 'public') onPublic.set(name, rows);
    else if (set.public) gains.push(`${set.name}, ${name}: ${gain(name, rows)}`);
  }
  const cells = Object.values(judged).map(cell).join(' | ');
  return `| ${set.name} | ${rowsFor(ours).length} | ${cells} |`;
});
bar.stop();
process.stdout.write(
  `\naccuracy / macro-F1 / recall of complex\n\n| trained on | rows | dev (${dev.length}) | held-out public (${heldOut.length}) | held-out worlds of ours (${ours.length}) |\n|---|---|---|---|---|\n${lines.join('\n')}\n\naccuracy gained over the public rows alone (paired, 95 %):\n${gains.join('\n')}\n`,
);
