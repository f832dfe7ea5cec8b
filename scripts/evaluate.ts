/**
 * Measures a bundle on labelled rows, beside the baselines, with intervals.
 *
 *     npm run -s evaluate -- --data FILE [--data FILE] [--json] [--model DIR] [--judge FILE] [--from DIR]
 *
 * Rows hold `prompt` or `messages`, and `tier`. `--judge` names recorded answers of an LLM (`id` and a tier in each
 * other field) for the gated cascade; `--from` adds public rows to those the baselines learn from.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { evaluate, parseJudgeAnswers } from '../src/training/evaluate.ts';
import { type Example, isHeldOut, readExamples } from '../src/training/examples.ts';
import { reportText } from '../src/training/report.ts';

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

const command = new Command('evaluate')
  .description('Measure a bundle on labelled rows')
  .requiredOption('--data <file>', 'labelled rows, JSON Lines; repeatable', collect, [])
  .option('--model <path>', 'bundle, or folder of bundles', process.env.ROUTER_MODEL ?? 'models')
  .option('--judge <file>', 'recorded answers of an LLM')
  .option('--from <dir>', 'folder with the public rows', process.env.ROUTER_DATA_DIR)
  .option('--held-out', 'only the fifth of the rows that training never sees', false)
  .option('--no-latency', 'leave the timing out')
  .option('--json', 'print JSON', false)
  .parse();
const options = command.opts<{
  data: readonly string[];
  model: string;
  judge?: string;
  from?: string;
  heldOut: boolean;
  latency: boolean;
  json: boolean;
}>();

const rows = options.data
  .flatMap((file) => readExamples(file, file))
  .filter(({ tier, id }) => tier !== undefined && (!options.heldOut || isHeldOut(id)));
if (rows.length === 0) throw new Error('no labelled rows');

const publicRows = join(options.from ?? '', 'tiers-public.jsonl');
const known: readonly Example[] = [
  ...(options.from && existsSync(publicRows)
    ? readExamples(publicRows, 'public').filter(({ id }) => !isHeldOut(id))
    : []),
  ...(existsSync('training-data/authored') ? readExamples('training-data/authored', 'authored') : []),
];
const asked = new Set(rows.map(({ id }) => id));
const report = await evaluate({
  model: options.model,
  rows,
  train: known.filter(({ id, tier }) => tier !== undefined && !asked.has(id)),
  latency: options.latency,
  ...(options.judge ? { judges: parseJudgeAnswers(readFileSync(options.judge, 'utf8')) } : {}),
});
process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
