import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LabelledDecision } from '../../src/core/store.ts';
import { type CollectedFeedback, collectFeedback } from '../../src/training/feedback-examples.ts';
import {
  collectOnce,
  dropSnapshot,
  dropSnapshots,
  readSnapshot,
  snapshotPath,
  writeSnapshot,
} from '../../src/training/snapshot.ts';

const KEY = { store: '/somewhere.db', days: 90 };

async function* logged(): AsyncGenerator<LabelledDecision> {
  const row = { at: 1, featureVersion: '1', attempts: [] };
  const by = { id: 'f', at: 2 };
  yield {
    ...row,
    decisionId: 'a',
    session: 's',
    text: '<|turns:2|> “quoted”\nand broken',
    inputTokens: 12,
    feedback: [{ ...by, decisionId: 'a', kind: 'tier', tier: 'moderate' }],
  };
  yield {
    ...row,
    decisionId: 'b',
    text: 'half known',
    answeredBy: 'moderate',
    feedback: [{ ...by, decisionId: 'b', kind: 'rating', rating: 'up' }],
  };
  yield { ...row, decisionId: 'c', text: '', feedback: [] };
}

let models: string;
let path: string;
let collected: CollectedFeedback;
beforeEach(async () => {
  models = mkdtempSync(join(tmpdir(), 'models-'));
  path = snapshotPath(models, 'next');
  collected = await collectFeedback(logged(), '1');
});

describe('the snapshot of a retraining', () => {
  it('gives back what was collected, answers that are unknown included', async () => {
    expect(collected.examples.map(({ sufficient }) => sufficient?.some(Number.isNaN))).toEqual([false, true]);
    writeSnapshot(path, KEY, collected);
    expect(await readSnapshot(path, KEY)).toEqual(collected);
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it.each([
    ['another window', { ...KEY, days: 7 }],
    ['another option', { ...KEY, risk: 0.1 }],
  ])('is of no use to %s', async (_, key) => {
    writeSnapshot(path, KEY, collected);
    expect(await readSnapshot(path, key)).toBeUndefined();
  });

  it('that cannot be read is none', async () => {
    writeSnapshot(path, KEY, collected);
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20));
    expect(await readSnapshot(path, KEY)).toBeUndefined();
  });

  it('spares the second run the store, until it is dropped', async () => {
    let reads = 0;
    const collect = async (): Promise<CollectedFeedback> => {
      reads++;
      return collected;
    };
    expect(await collectOnce(path, KEY, collect)).toEqual({ ...collected, resumed: false });
    expect(await collectOnce(path, KEY, collect)).toEqual({ ...collected, resumed: true });
    expect(reads).toBe(1);
    dropSnapshot(path);
    expect((await collectOnce(path, KEY, collect)).resumed).toBe(false);
    expect(dropSnapshots(models)).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  it('is not left behind where there is nothing to learn from', async () => {
    const nothing = { ...collected, examples: [] };
    await collectOnce(path, KEY, async () => nothing);
    expect(existsSync(path)).toBe(false);
  });
});
