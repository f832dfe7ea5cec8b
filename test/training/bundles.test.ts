import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pointTo } from '../../src/training/bundle-writer.ts';
import { currentBundle, listBundles, promote, readHistory, rollback } from '../../src/training/bundles.ts';
import { bundlesTable } from '../../src/training/bundles-table.ts';
import { tinyBundle } from './tiny.ts';

const AT = new Date('2026-01-15T12:00:00Z');

let models: string;

function copy(id: string): void {
  cpSync(join(models, 'tiny'), join(models, id), { recursive: true });
  const path = join(models, id, 'manifest.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), id }));
}

beforeAll(async () => {
  ({ models } = await tinyBundle());
  for (const id of ['b', 'c', 'broken', 'renamed']) copy(id);
  writeFileSync(join(models, 'broken', 'onnx', 'model.onnx'), 'no model');
  cpSync(join(models, 'b', 'manifest.json'), join(models, 'renamed', 'manifest.json'));
  mkdirSync(join(models, 'half.writing'));
});
beforeEach(() => {
  rmSync(join(models, 'history.jsonl'), { force: true });
  pointTo(models, 'tiny');
});

describe('promoting', () => {
  it('moves the pointer and records it', async () => {
    const move = await promote(models, 'b', AT);
    expect(move).toEqual({ at: AT.toISOString(), action: 'promote', id: 'b', previous: 'tiny' });
    expect(currentBundle(models)).toBe('b');
    expect(readHistory(models)).toEqual([move]);
  });

  it.each([
    ['gone', /no bundle "gone".*there are: b, broken, c, renamed, tiny/],
    ['../tiny', /no bundle/],
    ['half.writing', /no bundle/],
    ['broken', /"broken" cannot be served: .*model\.onnx is not the file its manifest describes/],
    ['renamed', /"renamed" cannot be served: its manifest calls it "b"/],
  ])('refuses %s, says why and moves nothing', async (id, why) => {
    await expect(promote(models, id, AT)).rejects.toThrow(why);
    expect(currentBundle(models)).toBe('tiny');
    expect(readHistory(models)).toEqual([]);
  });
});

describe('rolling back', () => {
  it('goes back one by one', async () => {
    await promote(models, 'b', AT);
    await promote(models, 'c', AT);
    expect(await rollback(models, AT)).toMatchObject({ action: 'rollback', id: 'b', previous: 'c' });
    expect(await rollback(models, AT)).toMatchObject({ id: 'tiny', previous: 'b' });
    expect(currentBundle(models)).toBe('tiny');
    await expect(rollback(models, AT)).rejects.toThrow(/nothing to go back to/);
  });

  it('after a rollback and another promotion goes back to what served before that', async () => {
    await promote(models, 'b', AT);
    await rollback(models, AT);
    await promote(models, 'c', AT);
    expect(await rollback(models, AT)).toMatchObject({ id: 'tiny' });
  });

  it('knows a pointer that was moved by hand, before or since', async () => {
    await promote(models, 'b', AT);
    pointTo(models, 'c');
    expect(await rollback(models, AT)).toMatchObject({ id: 'b', previous: 'c' });
    pointTo(models, 'c');
    await promote(models, 'tiny', AT);
    expect(await rollback(models, AT)).toMatchObject({ id: 'c' });
  });

  it('has nothing to go back to without a history, and refuses what no longer loads', async () => {
    await expect(rollback(models, AT)).rejects.toThrow(/nothing to go back to/);
    pointTo(models, 'broken');
    await promote(models, 'b', AT);
    await expect(rollback(models, AT)).rejects.toThrow(/"broken" cannot be served/);
    expect(currentBundle(models)).toBe('b');
  });

  it('reads over a line that was cut short', async () => {
    await promote(models, 'b', AT);
    appendFileSync(join(models, 'history.jsonl'), '{"at":"2026-0');
    expect(readHistory(models)).toHaveLength(1);
  });
});

describe('the list', () => {
  it('marks the current bundle and shows what was measured of each', () => {
    const entries = listBundles(models);
    expect(entries.map(({ id }) => id).sort()).toEqual(['b', 'broken', 'c', 'renamed', 'tiny']);
    expect(entries.filter(({ current }) => current).map(({ id }) => id)).toEqual(['tiny']);
    const { manifest } = entries.find(({ id }) => id === 'tiny') ?? {};
    const line = bundlesTable(entries)
      .split('\n')
      .find((text) => text.startsWith('*'));
    const [split, metrics] = Object.entries(manifest?.metrics ?? {})[0] ?? ['', {}];
    expect(line?.split(/ {2,}/).slice(1, 2)).toEqual(['tiny']);
    expect(line).toContain(split);
    expect(line).toContain(metrics.accuracy?.toFixed(4));
  });

  it('shows a model without a manifest, and what is wrong with a manifest', () => {
    mkdirSync(join(models, 'foreign'));
    writeFileSync(join(models, 'foreign', 'config.json'), '{}');
    copy('odd');
    writeFileSync(join(models, 'odd', 'manifest.json'), '{"format":99}');
    const text = bundlesTable(listBundles(models));
    expect(text).toMatch(/foreign .* not measured/);
    expect(text).toMatch(/odd .*format/);
    for (const id of ['foreign', 'odd']) rmSync(join(models, id), { recursive: true });
  });
});

describe('the command lines', () => {
  const run = (script: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      resolve('scripts', `${script}.ts`),
      ...args,
      '--models',
      models,
    ]);

  it('promote, list and roll back; a refusal exits with 1 and says why', async () => {
    expect((await run('promote', 'b')).stdout).toBe('b serves from now on, instead of tiny.\n');
    expect((await run('models')).stdout).toMatch(/^\* +b /m);
    expect((await run('rollback')).stdout).toBe('Back to tiny from b.\n');
    await expect(run('promote', 'broken')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cannot be served.*\n*Nothing was changed/),
    });
  }, 60_000);
});
