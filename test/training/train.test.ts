import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { BUNDLE_FILES } from '../../src/classifiers/bundle.ts';
import { createWordPiece } from '../../src/classifiers/wordpiece.ts';
import { HISTORY_TOKEN } from '../../src/routing/features.ts';
import { BAG_FEATURES } from '../../src/training/feature-graph.ts';
import { FIT_DEFAULTS, fitModel, MAX_TOKENS } from '../../src/training/fit.ts';
import { parseLexicon } from '../../src/training/lexicon.ts';
import { encodeModel, featureModel } from '../../src/training/model-graph.ts';
import { linearScores, sparseOf } from '../../src/training/ngrams.ts';
import { readPretrained } from '../../src/training/pretrain.ts';
import { runGraph } from '../../src/training/run-graph.ts';
import { HISTORY_ID, tokenizerJson } from '../../src/training/vocabulary.ts';
import { tinyBundle, tinyExamples, tinyPretrained } from './tiny.ts';

describe('train', () => {
  let first: Awaited<ReturnType<typeof tinyBundle>>;
  beforeAll(async () => {
    first = await tinyBundle();
  });

  test('learns what the rows teach', () => {
    expect(first.manifest.metrics.same?.accuracy).toBeGreaterThan(0.9);
    expect(first.manifest.metrics.crossFitted?.accuracy).toBeGreaterThan(0.7);
  });

  test('the same data and seed give the same bytes', async () => {
    const second = await tinyBundle();
    for (const file of BUNDLE_FILES) {
      expect(readFileSync(join(second.folder, file)).equals(readFileSync(join(first.folder, file)))).toBe(
        true,
      );
    }
    expect(second.manifest).toEqual(first.manifest);
  });

  test('another seed gives another model', async () => {
    const other = await tinyBundle(2);
    expect(other.manifest.files['onnx/model.onnx']?.sha256).not.toBe(
      first.manifest.files['onnx/model.onnx']?.sha256,
    );
  });

  test('says of what it was made', () => {
    expect(Object.values(first.manifest.data).reduce((sum, { rows }) => sum + rows, 0)).toBe(
      tinyExamples().length + 1,
    );
    expect(readFileSync(join(first.models, 'current'), 'utf8')).toBe('tiny\n');
  });
});

describe('the graph', () => {
  const lexicon = parseLexicon('prove\t99205000\nroot cause\t79360020');

  test('sees what is asked apart from the past, and padding never matters', async () => {
    const pretrained = tinyPretrained();
    const tokenizer = createWordPiece(tokenizerJson(pretrained.vocab), MAX_TOKENS);
    const { buildTokenTable } = await import('../../src/training/token-table.ts');
    const model = featureModel(buildTokenTable(pretrained, lexicon), BAG_FEATURES);
    const texts = ['prove the root cause', `prove the root cause ${HISTORY_TOKEN} spell the garden`, 'spell'];
    const ids = texts.map((text) => tokenizer?.encode(text) ?? new Int32Array(0));
    expect(ids[1]?.[5]).toBe(HISTORY_ID);
    const output = { name: 'features', columns: BAG_FEATURES };
    const together = await runGraph(model, ids, output);
    for (const [at, one] of ids.entries()) {
      const alone = await runGraph(model, [one], output);
      expect([...alone]).toEqual([...together.subarray(at * BAG_FEATURES, (at + 1) * BAG_FEATURES)]);
    }
    const half = BAG_FEATURES - 1;
    expect(together[half]).toBe(1);
    expect(together[BAG_FEATURES + half]).toBeCloseTo(5 / 9, 5);
  });

  test('computes the linear part as the trainer does', async () => {
    const pretrained = tinyPretrained();
    const examples = tinyExamples();
    const boost = { ...FIT_DEFAULTS.boost, trees: 1 };
    const options = { ...FIT_DEFAULTS, folds: 2, boost, treeShare: 0 };
    const none = { simple: [], moderate: [], complex: [] };
    const fitted = await fitModel(
      { examples, outcomes: [], outcomeModels: none, pretrained, lexicon },
      options,
    );
    const { parts } = fitted;
    const plain = { slope: 1, offset: 0 } as const;
    const model = encodeModel({ ...parts, platt: [plain, plain] });
    const tokenizer = createWordPiece(tokenizerJson(pretrained.vocab), MAX_TOKENS);
    const ids =
      tokenizer?.encode(
        `prove prove the root cause of the root cause ${HISTORY_TOKEN} spell the garden garden`,
      ) ?? new Int32Array(0);
    const logits = await runGraph(model, [ids], { name: 'logits', columns: 3 });
    const sparse = sparseOf(ids, parts.table.shapes, parts.idf);
    const [simple = 0] = linearScores(parts.linear, sparse);
    expect(Math.exp(logits[0] ?? 0)).toBeCloseTo(1 / (1 + Math.exp(-simple)), 3);
  });
});

test('pre-trained input is read back as it was written, and a changed file is refused', async () => {
  const { mkdtempSync, writeFileSync } = await import('node:fs');
  const folder = mkdtempSync(join((await import('node:os')).tmpdir(), 'pre-'));
  const written = tinyPretrained(folder);
  const read = readPretrained(folder);
  expect([...read.vocab]).toEqual([...written.vocab]);
  expect(read.vectors).toEqual(written.vectors);
  writeFileSync(join(folder, 'vocab.txt'), 'other\n');
  expect(() => readPretrained(folder)).toThrow('does not match its manifest');
});
