import { join, resolve } from 'node:path';
import { openOnnxClassifier } from '../../src/classifiers/onnx.ts';
import { createRulesClassifier } from '../../src/classifiers/rules.ts';
import { classifierContract } from '../contracts/classifier.ts';
import { tinyBundle } from '../training/tiny.ts';

classifierContract('keyword rules', async () => createRulesClassifier());
classifierContract('a small bundle', async () => openOnnxClassifier((await tinyBundle()).folder));
classifierContract('the shipped bundle', () =>
  openOnnxClassifier(join(resolve(import.meta.dirname, '..', '..'), 'models')),
);
