/**
 * Measures the classifier's speed: features, tokens, inference, calibrated answer, on one thread.
 *
 *     npm run bench:classifier [-- --data FILE] [--model DIR]
 *
 * With `--data`, also how many of its prompts a second are classified.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { openOnnxClassifier } from '../src/classifiers/onnx.ts';
import { FEATURE_VERSION } from '../src/routing/features.ts';
import { latencyOf } from '../src/training/bench.ts';
import { parseExamples } from '../src/training/examples.ts';

const LEAST_PROMPTS = 5_000;

const command = new Command('bench-classifier')
  .description('Measure the speed of a bundle')
  .option('--data <file>', 'prompts, JSON Lines')
  .option('--model <path>', 'bundle, or folder of bundles', process.env.ROUTER_MODEL ?? 'models')
  .parse();
const { data, model } = command.opts<{ data?: string; model: string }>();

const classifier = await openOnnxClassifier(model, { featureVersion: FEATURE_VERSION });
const { p50, p99, perSecond } = await latencyOf(classifier);
process.stdout.write(
  `200 tokens: p50 ${p50.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms, ${Math.round(perSecond)} a second\n`,
);
if (data) {
  const text = readFileSync(data, 'utf8');
  let count = 0;
  const started = performance.now();
  while (count < LEAST_PROMPTS) {
    const rows = parseExamples(text, data, 'bench');
    if (rows.length === 0) throw new Error(`${data} holds no prompts`);
    await classifier.classify(rows);
    count += rows.length;
  }
  const rate = (1_000 * count) / (performance.now() - started);
  process.stdout.write(`${data}: ${Math.round(rate)} prompts a second, reading included\n`);
}
await classifier.close();
