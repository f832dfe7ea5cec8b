import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readManifest } from '../../src/classifiers/bundle.ts';
import { openOnnxClassifier } from '../../src/classifiers/onnx.ts';
import { reportText } from '../../src/training/report.ts';
import { tinyBundle, tinyExamples, tinyRows } from './tiny.ts';

let models: string;
let folder: string;
let data: string;

beforeAll(async () => {
  ({ models, folder } = await tinyBundle());
  data = join(mkdtempSync(join(tmpdir(), 'rows-')), 'rows.jsonl');
  writeFileSync(data, tinyRows());
});

function run(
  script: string,
  args: readonly string[],
  input = '',
): { out: string; err: string; code: number | null } {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', `scripts/${script}.ts`, ...args],
    {
      input,
      encoding: 'utf8',
      env: { ...process.env, ROUTER_DATA_DIR: '' },
    },
  );
  return { out: stdout, err: stderr, code: status };
}

describe('classify', () => {
  test('answers every line in order as the classifier does', async () => {
    const { out, code } = run('classify', ['--model', models], `${tinyRows()}\n`);
    const lines = out.trim().split('\n');
    expect(code).toBe(0);
    const classifier = await openOnnxClassifier(models);
    const answers = await classifier.classify(tinyExamples());
    await classifier.close();
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      answers.map(({ tier, confidence, sufficiency }) => ({ tier, confidence, sufficient: sufficiency })),
    );
  });

  test('a bad line gives an error in its place and a non-zero exit', () => {
    const input = [
      '{"prompt":"spell it"}',
      '{"prompt":7}',
      'no json',
      '{"messages":[]}',
      '{"prompt":"list"}',
    ].join('\n');
    const { out, err, code } = run('classify', ['--model', models], input);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => 'tier' in line)).toEqual([true, false, false, false, true]);
    expect(lines[1].error).toContain('prompt');
    expect(lines[3].error).toContain('messages');
    expect(err).toContain('3 bad lines');
    expect(code).toBe(1);
  });
});

test('evaluate reports the figures, the baselines and the flips', () => {
  const judge = join(mkdtempSync(join(tmpdir(), 'judge-')), 'judge.jsonl');
  writeFileSync(
    judge,
    tinyExamples()
      .map(({ id, tier }) => JSON.stringify({ id, nano: tier }))
      .join('\n'),
  );
  const args = ['--data', data, '--model', folder, '--judge', judge, '--json', '--no-latency'];
  const { out, code, err } = run('evaluate', args);
  expect(err).toBe('');
  expect(code).toBe(0);
  const report = JSON.parse(out);
  expect(report.rows).toBe(tinyExamples().length);
  expect(report.figures.accuracy).toBeGreaterThan(0.9);
  expect(Object.keys(report.baselines)).toEqual(
    expect.arrayContaining([
      'always simple',
      'random, same mix',
      'prompt length',
      'keyword rules',
      'shuffled labels',
    ]),
  );
  expect(report.baselines['always simple'].complexToSimple).toBe(1);
  expect(report.flips.punctuation).toBe(0);
  expect(report.flips.lowerCase).toBe(0);
  expect(report.flips.envelope).toBe(0);
  expect(report.cascades.nano.at(-1).accuracy).toBe(1);
  expect(reportText(report)).toContain('| keyword rules');
});

test('evaluate names what is wrong with a row', () => {
  const bad = join(mkdtempSync(join(tmpdir(), 'bad-')), 'bad.jsonl');
  writeFileSync(bad, '{"prompt":"a","tier":"simple"}\n{"prompt":"b","tier":"huge"}\n');
  const { err, code } = run('evaluate', ['--data', bad, '--model', folder]);
  expect(code).not.toBe(0);
  expect(err).toContain('bad.jsonl:2: tier');
});

test('calibrate writes the thresholds that serving reads', async () => {
  const before = readFileSync(join(folder, 'manifest.json'), 'utf8');
  const { out, code } = run('calibrate', [
    '--data',
    data,
    '--model',
    models,
    '--share',
    '0.5',
    '--risk',
    '0.2',
  ]);
  expect(code).toBe(0);
  expect(out).toContain('doubt below');
  const { thresholds, metrics } = readManifest(folder);
  expect(metrics).toEqual(JSON.parse(before).metrics);
  expect(thresholds.chosen).toContain('50 %');
  const classifier = await openOnnxClassifier(models);
  expect(classifier.doubtBelow).toBe(thresholds.doubtBelow);
  expect(classifier.simpleFrom).toBe(thresholds.simpleFrom);
  const answers = await classifier.classify(tinyExamples());
  const doubtful =
    answers.filter(({ confidence }) => confidence < classifier.doubtBelow).length / answers.length;
  expect(doubtful).toBeGreaterThan(0.35);
  expect(doubtful).toBeLessThan(0.65);
  await classifier.close();
});
