/**
 * Tiers for prompts: JSON Lines in, JSON Lines out, in the same order.
 *
 *     npm run classify < prompts.jsonl > tiers.jsonl
 *     … | npm run -s classify | …
 *
 * A line holds `prompt` or `messages` (with optional `facts`). A bad one gives `{"error": …}` on its line and a
 * non-zero exit at the end; the others are still classified.
 */
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { openOnnxClassifier } from '../src/classifiers/onnx.ts';
import { FEATURE_VERSION } from '../src/routing/features.ts';
import { parseExample, RowError } from '../src/training/examples.ts';
import { createOutput } from './output.ts';

const BATCH = 1_024;

const command = new Command('classify')
  .description('Classify prompts from stdin to stdout, JSON Lines both')
  .option(
    '--model <path>',
    'bundle, or folder of bundles with a `current` pointer',
    process.env.ROUTER_MODEL ?? 'models',
  )
  .parse();
const { model } = command.opts<{ model: string }>();

const classifier = await openOnnxClassifier(model, { featureVersion: FEATURE_VERSION });
let failed = 0;

/** The answers to some lines, one a line. */
async function answer(lines: readonly string[]): Promise<string> {
  const inputs = lines.map((line): { readonly text: string } | { readonly error: string } => {
    try {
      return { text: parseExample(line, 'stdin').text };
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      return { error: error.message };
    }
  });
  const answers = await classifier.classify(inputs.flatMap((input) => ('text' in input ? [input] : [])));
  let next = 0;
  const records = inputs.map((input) => {
    if ('error' in input) {
      failed++;
      return input;
    }
    const { tier, confidence, sufficiency } = answers[next++] ?? {};
    return { tier, confidence, sufficient: sufficiency };
  });
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

const write = createOutput(process.env, process.argv.slice(2));

let pending: string[] = [];
for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  if (line.trim() === '') continue;
  pending.push(line);
  if (pending.length < BATCH) continue;
  await write(await answer(pending));
  pending = [];
}
if (pending.length > 0) await write(await answer(pending));
await classifier.close();
if (failed > 0) {
  process.stderr.write(`${failed} bad lines\n`);
  process.exitCode = 1;
}
