/**
 * Labels unlabelled rows, by a nano LLM or by a person. Resumable: no row of OUT is labelled again.
 *
 *     npm run data:label -- IN … OUT [--judge MODEL] [--budget USD] [--parallel N]
 *     npm run data:label -- IN … OUT --person [NAME]
 *
 * The judge is asked through the providers of the router's configuration, with the instruction the router uses. Rows
 * of IN that have a label are copied to OUT as they are. Exits 1 where rows stay without a label.
 */
import { createInterface } from 'node:readline';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { composeLabelJudge } from '../src/compose-judge.ts';
import { loadConfig } from '../src/config/load.ts';
import { systemClock } from '../src/surroundings.ts';
import { type Desk, labelByJudge, labelByPerson, unlabelled } from '../src/training/data/label.ts';
import { type LabelFile, openLabelFile } from '../src/training/data/label-file.ts';
import { type DataRow, readRows } from '../src/training/data/read.ts';

interface Options {
  readonly judge?: string;
  readonly person?: string | true;
  readonly budget: number;
  readonly parallel: number;
  readonly timeout: number;
  readonly config?: string;
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

async function byJudge(rows: readonly DataRow[], file: LabelFile, options: Options): Promise<number> {
  const config = loadConfig({ env: process.env, ...(options.config ? { path: options.config } : {}) });
  const surroundings = { clock: systemClock, logger: quiet, random: Math.random, version: '' };
  const { judge, model, spent, close } = composeLabelJudge(config, surroundings, {
    ...(options.judge ? { model: options.judge } : {}),
    budgetUsd: options.budget,
    timeoutMs: options.timeout * 1_000,
  });
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const bar = new SingleBar({ format: `${model} {bar} {value}/{total} | {eta_formatted}` });
  bar.start(rows.length, 0);
  const run = await labelByJudge(rows, file, {
    judge,
    model,
    parallel: options.parallel,
    patience: 10,
    now: () => new Date(),
    signal: stop.signal,
    onDone: (done) => bar.update(done),
  }).finally(async () => {
    bar.stop();
    await close();
  });
  const failures = Object.entries(run.failed).map(([status, number]) => `${number} ${status}`);
  process.stdout.write(
    `${run.labelled} labelled by ${model}, ${failures.join(', ') || 'none failed'}, ${spent().toFixed(4)} USD\n`,
  );
  if (run.gaveUp) process.stderr.write('the judge did not answer several times in a row: stopped\n');
  return rows.length - run.labelled;
}

async function byPerson(rows: readonly DataRow[], file: LabelFile, name: string): Promise<number> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const lines = terminal[Symbol.asyncIterator]();
  const desk: Desk = {
    show: (text) => process.stdout.write(`${text}\n`),
    async ask(question) {
      terminal.setPrompt(question);
      terminal.prompt();
      const { value, done } = await lines.next();
      return done ? undefined : value;
    },
  };
  const run = await labelByPerson(rows, file, { desk, name, now: () => new Date() });
  terminal.close();
  process.stdout.write(`${run.labelled} labelled, ${run.skipped} skipped, ${file.size()} in the file\n`);
  return 0;
}

const command = new Command('data:label')
  .description('Label unlabelled rows')
  .argument('<paths...>', 'files and folders with rows, and last the file for labelled ones')
  .option('--judge <model>', 'the model to ask; by default the one that the router asks in doubt')
  .option('--person [name]', 'a person at this terminal labels; the name is written to each row')
  .option('--budget <usd>', 'what the judge may cost', Number, 1)
  .option('--parallel <n>', 'rows judged at once', Number, 4)
  .option('--timeout <seconds>', 'for one answer of the judge', Number, 30)
  .option('--config <file>', 'configuration of the router')
  .parse();
const options = command.opts<Options>();
const paths = command.processedArgs[0] as string[];
const out = paths.at(-1) ?? '';

try {
  if (paths.length < 2)
    throw new Error('rows to label and a file for the labelled ones are needed: IN … OUT');
  if (options.judge && options.person) throw new Error('either --judge or --person, not both');
  const { rows, problems } = readRows(paths.slice(0, -1));
  for (const { where, says } of problems.slice(0, 20)) process.stderr.write(`${where}: ${says}\n`);
  if (problems.length > 0) throw new Error(`${problems.length} rows are not valid; nothing was labelled`);
  const file = openLabelFile(out);
  try {
    const waiting = unlabelled(rows, file);
    process.stdout.write(`${waiting.length} to label, ${file.size()} in ${out}\n`);
    const name = options.person === true ? 'person' : options.person;
    const left =
      waiting.length === 0
        ? 0
        : await (name ? byPerson(waiting, file, name) : byJudge(waiting, file, options));
    if (left > 0) process.exitCode = 1;
  } finally {
    file.close();
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
