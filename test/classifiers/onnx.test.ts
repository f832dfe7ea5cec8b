import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { env, pipeline } from '@xenova/transformers';
import { beforeAll, describe, expect, test } from 'vitest';
import { BundleError, readManifest, resolveBundle, tiersOfLabels } from '../../src/classifiers/bundle.ts';
import { classificationOf, openOnnxClassifier } from '../../src/classifiers/onnx.ts';
import { TIERS } from '../../src/core/tier.ts';
import { FEATURE_VERSION } from '../../src/routing/features.ts';
import { tinyBundle, tinyExamples } from '../training/tiny.ts';

let models: string;
let folder: string;
const inputs = tinyExamples().slice(0, 40);

beforeAll(async () => {
  ({ models, folder } = await tinyBundle());
});

function copy(): string {
  const target = join(mkdtempSync(join(tmpdir(), 'bundle-')), 'copy');
  cpSync(folder, target, { recursive: true });
  return target;
}

describe('the ONNX classifier', () => {
  test('gives the same answer alone and in a batch, through the pointer or the folder', async () => {
    const classifier = await openOnnxClassifier(models, { featureVersion: FEATURE_VERSION });
    const together = await classifier.classify(inputs);
    for (const [at, input] of inputs.entries()) {
      expect(await classifier.classify([input])).toEqual([together[at]]);
    }
    expect(classifier.id).toBe('tiny');
    expect(classifier.doubtBelow).toBe(readManifest(folder).thresholds.doubtBelow);
    await classifier.close();
  });

  test('sufficiency never falls with the tier, and confidence is the probability of the tier', async () => {
    const classifier = await openOnnxClassifier(folder);
    for (const { sufficiency, probabilities, tier, confidence } of await classifier.classify(inputs)) {
      expect(sufficiency.simple).toBeLessThanOrEqual(sufficiency.moderate);
      expect(sufficiency.complex).toBe(1);
      expect(confidence).toBe(Math.max(...Object.values(probabilities)));
      expect(probabilities[tier]).toBe(confidence);
    }
    expect(await classifier.classify([{ text: '' }])).toHaveLength(1);
    await classifier.close();
  });

  test('loads unchanged in the text-classification pipeline and agrees with it', async () => {
    env.allowRemoteModels = false;
    env.localModelPath = `${dirname(folder)}/`;
    const classify = await pipeline('text-classification', basename(folder));
    const classifier = await openOnnxClassifier(folder);
    for (const { text } of inputs.slice(0, 10)) {
      const [ours] = await classifier.classify([{ text }]);
      const [theirs] = [await classify(text)].flat(2);
      expect(theirs).toMatchObject({ label: ours?.tier });
      expect(Object(theirs).score).toBeCloseTo(ours?.confidence ?? 0, 5);
    }
    await classifier.close();
  });

  test('takes a model without manifest, its labels mapped to tiers', async () => {
    const foreign = copy();
    rmSync(join(foreign, 'manifest.json'));
    const config = JSON.parse(readFileSync(join(foreign, 'config.json'), 'utf8'));
    config.id2label = { 0: 'EASY', 1: 'MEDIUM', 2: 'HARD' };
    writeFileSync(join(foreign, 'config.json'), JSON.stringify(config));
    await expect(openOnnxClassifier(foreign)).rejects.toThrow('no tier for the label EASY');
    const labels = { EASY: 'simple', MEDIUM: 'moderate', HARD: 'complex' } as const;
    const classifier = await openOnnxClassifier(foreign, { labels });
    const ours = await openOnnxClassifier(folder);
    expect(await classifier.classify(inputs)).toEqual(await ours.classify(inputs));
    expect(classifier.id).toBe('copy');
    await Promise.all([classifier.close(), ours.close()]);
  });
});

describe('a bundle that does not fit is refused', () => {
  test('a changed file', async () => {
    const changed = copy();
    writeFileSync(join(changed, 'tokenizer_config.json'), '{}');
    await expect(openOnnxClassifier(changed)).rejects.toThrow('tokenizer_config.json is not the file');
  });

  test('another feature version', async () => {
    await expect(openOnnxClassifier(folder, { featureVersion: '999' })).rejects.toThrow(BundleError);
  });

  test('a missing folder, a missing file, a broken manifest', async () => {
    await expect(openOnnxClassifier(join(folder, 'nowhere'))).rejects.toThrow('does not exist');
    const broken = copy();
    rmSync(join(broken, 'onnx', 'model.onnx'));
    await expect(openOnnxClassifier(broken)).rejects.toThrow('model.onnx is missing');
    writeFileSync(join(broken, 'manifest.json'), '{"format":99}');
    await expect(openOnnxClassifier(broken)).rejects.toThrow('format');
  });

  test('a pointer out of its folder', () => {
    const root = mkdtempSync(join(tmpdir(), 'pointer-'));
    writeFileSync(join(root, 'current'), '../elsewhere\n');
    expect(() => resolveBundle(root)).toThrow('does not name a bundle');
  });
});

test('logits become tiers: sums by tier, the cheaper of equals', () => {
  const even = classificationOf([0, 0, 0], TIERS);
  expect(even.tier).toBe('simple');
  expect(even.sufficiency.moderate).toBeCloseTo(2 / 3);
  expect(() => tiersOfLabels(['simple', 'moderate'])).toThrow('complex');
});
