import { spawnSync } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { env, pipeline } from '@xenova/transformers';
import { beforeAll, describe, expect, test } from 'vitest';
import { BUNDLE_FILES, type Manifest } from '../../src/classifiers/bundle.ts';
import { openOnnxClassifier } from '../../src/classifiers/onnx.ts';
import { FEATURE_VERSION } from '../../src/routing/features.ts';
import { trainOnEncoder } from '../../src/training/encoder.ts';
import { openEncoder, readEncoder } from '../../src/training/encoder-files.ts';
import { accuracy, type Judged } from '../../src/training/metrics.ts';
import { TINY_FIT, tinyExamples, tinyInput, tinyPretrained, tinyRows } from './tiny.ts';
import { tinyEncoder } from './tiny-encoder.ts';

const examples = tinyExamples();
const folder = tinyEncoder(examples.map(({ text }) => text));
const cache = mkdtempSync(join(tmpdir(), 'hub-'));

async function trained(): Promise<{ bundle: string; manifest: Manifest }> {
  const models = mkdtempSync(join(tmpdir(), 'models-'));
  const manifest = await trainOnEncoder({
    ...tinyInput(models, examples),
    encoder: await readEncoder(folder, 'tiny'),
    fit: TINY_FIT,
    id: 'on-encoder',
    models,
    codeVersion: 'test',
    tests: { same: examples },
    doubtShare: 0.3,
    risk: 0.1,
  });
  return { bundle: join(models, 'on-encoder'), manifest };
}

describe('heads on a frozen encoder', () => {
  let first: Awaited<ReturnType<typeof trained>>;
  beforeAll(async () => {
    first = await trained();
  });

  test('learn what the rows teach, on rows of folds they did not see too', () => {
    expect(first.manifest.metrics.same?.accuracy).toBeGreaterThan(0.9);
    expect(first.manifest.metrics.crossFitted?.accuracy).toBeGreaterThan(0.8);
    expect(first.manifest.encoder).toMatchObject({ name: 'tiny' });
    expect(first.manifest.lexicon).toBeUndefined();
  });

  test('serve with the very figures of the trainer, alone and together', async () => {
    const classifier = await openOnnxClassifier(first.bundle, { featureVersion: FEATURE_VERSION });
    const answers = await classifier.classify(examples);
    expect(await classifier.classify(examples.slice(7, 8))).toEqual(answers.slice(7, 8));
    await classifier.close();
    const judged = answers.flatMap((answer, at): Judged[] => {
      const truth = examples[at]?.tier;
      return truth ? [{ truth, ...answer }] : [];
    });
    expect(accuracy(judged)).toBeCloseTo(first.manifest.metrics.same?.accuracy ?? 0, 4);
    for (const { sufficiency } of answers)
      expect(sufficiency.moderate).toBeGreaterThanOrEqual(sufficiency.simple);
  });

  test('load in the text-classification pipeline, which agrees', async () => {
    env.allowRemoteModels = false;
    env.localModelPath = `${dirname(first.bundle)}/`;
    const classify = await pipeline('text-classification', basename(first.bundle));
    const classifier = await openOnnxClassifier(first.bundle);
    for (const { text } of examples.slice(0, 10)) {
      const [ours] = await classifier.classify([{ text }]);
      const [theirs] = [await classify(text)].flat(2);
      expect(theirs).toMatchObject({ label: ours?.tier });
      expect(Object(theirs).score).toBeCloseTo(ours?.confidence ?? 0, 5);
    }
    await classifier.close();
  });

  test('come out the same, byte for byte', async () => {
    const second = await trained();
    for (const file of BUNDLE_FILES) {
      expect(readFileSync(join(second.bundle, file)).equals(readFileSync(join(first.bundle, file)))).toBe(
        true,
      );
    }
    expect(second.manifest).toEqual(first.manifest);
  });
});

describe('the command line', () => {
  function run(...args: readonly string[]): {
    out: string;
    err: string;
    code: number | null;
    models: string;
  } {
    const data = mkdtempSync(join(tmpdir(), 'data-'));
    const models = join(data, 'models');
    mkdirSync(join(data, 'authored'));
    mkdirSync(models);
    writeFileSync(join(data, 'authored', 'tiny.jsonl'), tinyRows());
    writeFileSync(join(data, 'outcome-models.json'), '{"simple":[],"moderate":[],"complex":[]}');
    tinyInput(data, examples);
    tinyPretrained(join(data, 'pretrained'));
    const all = ['--import', 'tsx', 'scripts/train.ts', '--data', data, '--models', models, ...args];
    const env = { ...process.env, ROUTER_DATA_DIR: undefined };
    const { stdout, stderr, status } = spawnSync(process.execPath, all, { encoding: 'utf8', env });
    return { out: stdout, err: stderr, code: status, models };
  }

  test('trains and promotes a bundle on a folder', async () => {
    const { out, code, models } = run('--encoder', folder, '--id', 'mine');
    expect(out).toContain('crossFitted: accuracy');
    expect(code).toBe(0);
    const classifier = await openOnnxClassifier(models, { featureVersion: FEATURE_VERSION });
    expect(classifier.id).toBe('mine');
    await classifier.close();
  });

  test('says what is wrong with the name of an encoder', () => {
    const { err, code } = run('--encoder', 'no such folder');
    expect(err).toBe(
      'no such folder is neither a folder nor the name of a hub model, like Xenova/all-MiniLM-L6-v2\n',
    );
    expect(code).toBe(2);
  });
});

describe('an encoder', () => {
  async function hub(): Promise<{ host: string; server: Server }> {
    const server = createServer(({ url = '' }, response) => {
      const path = join(folder, url.replace('/someone/tiny/resolve/main/', ''));
      if (url.startsWith('/someone/tiny/') && existsSync(path)) createReadStream(path).pipe(response);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, host: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
  }

  test('comes from the hub where its name is no folder, and only once', async () => {
    const { host, server } = await hub();
    const encoder = await openEncoder('someone/tiny', { cache, host });
    server.close();
    expect(encoder.sha256).toBe((await readEncoder(folder)).sha256);
    expect((await openEncoder('someone/tiny', { cache, host })).name).toBe('someone/tiny');
  });

  test('that the hub cannot give is an error that says what to do', async () => {
    const { host, server } = await hub();
    server.close();
    await expect(openEncoder('someone/other', { cache, host })).rejects.toThrow('--local-dir');
    await expect(openEncoder('nowhere', { cache, host })).rejects.toThrow('neither a folder nor');
  });

  test.each(['config.json', 'tokenizer.json', 'onnx/model.onnx'])(
    'without %s is refused by name',
    async (file) => {
      const broken = tinyEncoder(['a']);
      rmSync(join(broken, file));
      await expect(openEncoder(broken, { cache })).rejects.toThrow(file);
    },
  );

  test('with a broken file is refused by name', async () => {
    const broken = tinyEncoder(['a']);
    writeFileSync(join(broken, 'config.json'), '{');
    await expect(openEncoder(broken, { cache })).rejects.toThrow('config.json is not JSON');
  });
});
