import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withDrain } from '../../src/classifiers/drain.ts';
import { createLiveClassifier } from '../../src/classifiers/live.ts';
import { pointerState } from '../../src/classifiers/pointer.ts';
import type { Classifier } from '../../src/core/ports.ts';
import type { Classification } from '../../src/core/routing.ts';
import { classificationOf, createFakeClassifier } from '../fakes/classifier.ts';
import { createFakeLogger } from '../fakes/logger.ts';

/** A classifier whose answers wait until they are released, and which says when it is closed. */
function gated(id: string) {
  const waiting: (() => void)[] = [];
  const state = { closed: false };
  const classifier: Classifier = {
    id,
    doubtBelow: 0.5,
    simpleFrom: 0.6,
    classify: async (inputs) => {
      if (inputs[0]?.text === 'wait') await new Promise<void>((resolve) => waiting.push(resolve));
      if (state.closed) throw new Error('asked after it was closed');
      return inputs.map(() => classificationOf('simple', 0.9));
    },
    close: async () => {
      state.closed = true;
    },
  };
  return { classifier, state, release: () => waiting.splice(0).forEach((go) => void go()) };
}

/** A live classifier that opens the given ones in order; an Error is a bundle that cannot be opened. */
function stage(bundles: readonly (Classifier | Error)[]) {
  const logger = createFakeLogger();
  const pointer = { state: 'a' as string | undefined };
  let opened = 0;
  const live = createLiveClassifier({
    open: async () => {
      const next = bundles[opened++];
      if (next instanceof Error || !next) throw next ?? new Error('no more bundles');
      return next;
    },
    pointer: async () => pointer.state,
    without: 'nothing serves',
    logger,
  });
  return { live, logger, pointer, opened: () => opened };
}

describe('draining', () => {
  it('closes after the last call in flight, and takes no more', async () => {
    const { classifier, state, release } = gated('a');
    const drained = withDrain(classifier);
    const answers = [drained.classify([{ text: 'wait' }]), drained.classify([{ text: 'wait' }])];
    const closing = drained.close();
    await expect(drained.classify([{ text: 'x' }])).rejects.toThrow('a is closed');
    expect(state.closed).toBe(false);
    release();
    await expect(Promise.all(answers)).resolves.toHaveLength(2);
    await closing;
    expect(state.closed).toBe(true);
    await expect(drained.close()).resolves.toBeUndefined();
  });

  it('does so too where the last call fails', async () => {
    const failing = createFakeClassifier(() => {
      throw new Error('broken');
    });
    const drained = withDrain(failing);
    const answer = drained.classify([{ text: 'x' }]);
    const closing = drained.close();
    await expect(answer).rejects.toThrow('broken');
    await expect(closing).resolves.toBeUndefined();
  });
});

describe('a live classifier', () => {
  it('serves the new bundle at once and closes the old one after its last call', async () => {
    const [old, fresh] = [gated('old'), gated('fresh')];
    const { live } = stage([old.classifier, fresh.classifier]);
    expect(live.current()).toBeUndefined();
    expect(await live.reload()).toEqual({ status: 'loaded', serving: 'old' });
    const inFlight = live.current()?.classify([{ text: 'wait' }]);
    expect(await live.reload()).toEqual({ status: 'loaded', serving: 'fresh', previous: 'old' });
    expect(live.current()?.id).toBe('fresh');
    expect(live.current()?.simpleFrom).toBe(0.6);
    expect(old.state.closed).toBe(false);
    old.release();
    await expect(inFlight).resolves.toHaveLength(1);
    await live.close();
    expect([old.state.closed, fresh.state.closed]).toEqual([true, true]);
  });

  const nonsense: Classification = {
    ...classificationOf('simple', 0.9),
    probabilities: { simple: Number.NaN, moderate: 0, complex: 0 },
  };
  const BROKEN: readonly (readonly [string, Classifier | Error, RegExp])[] = [
    ['that cannot be opened', new Error('model.onnx is missing'), /model\.onnx is missing/],
    [
      'that fails on a sample text',
      createFakeClassifier(
        () => {
          throw new Error('tensor is broken');
        },
        { id: 'bad' },
      ),
      /tensor is broken/,
    ],
    [
      'that answers with nonsense',
      createFakeClassifier(() => nonsense, { id: 'bad' }),
      /bad answered a sample/,
    ],
    [
      'that gives no answer',
      { ...createFakeClassifier(() => nonsense), id: 'bad', classify: async () => [] },
      /no answer/,
    ],
  ];
  it.each(BROKEN)('keeps the old bundle when one comes %s, and says why', async (_, broken, why) => {
    const { live, logger } = stage([gated('old').classifier, broken]);
    await live.reload();
    const report = await live.reload();
    expect(report).toMatchObject({ status: 'failed', serving: 'old', reason: expect.stringMatching(why) });
    expect(live.current()?.id).toBe('old');
    expect(logger.entries.at(-1)).toMatchObject({
      level: 'error',
      message: expect.stringContaining('old goes on serving'),
      fields: { reason: expect.stringMatching(why) },
    });
  });

  it('shares one further load among the calls that come while one is loading', async () => {
    const bundles = ['a', 'b', 'c'].map((id) =>
      createFakeClassifier(() => classificationOf('simple', 1), { id }),
    );
    const { live, opened } = stage(bundles);
    const reports = await Promise.all([live.reload(), live.reload(), live.reload(), live.reload()]);
    expect(reports.map(({ serving }) => serving)).toEqual(['a', 'b', 'b', 'b']);
    expect(opened()).toBe(2);
  });

  it('follows its pointer, and tries a broken bundle once only', async () => {
    const { live, pointer, opened } = stage([gated('a').classifier, gated('b').classifier, new Error('no')]);
    await live.reload();
    await live.reloadIfMoved();
    expect(opened()).toBe(1);
    pointer.state = 'b';
    await live.reloadIfMoved();
    expect(live.current()?.id).toBe('b');
    pointer.state = 'broken';
    await live.reloadIfMoved();
    await live.reloadIfMoved();
    expect([opened(), live.current()?.id]).toEqual([3, 'b']);
    pointer.state = undefined;
    await live.reloadIfMoved();
    expect(opened()).toBe(3);
  });

  it('that is closed while it loads closes what it loaded', async () => {
    const { classifier, state } = gated('late');
    const { live } = stage([classifier]);
    const loading = live.reload();
    await live.close();
    expect(await loading).toMatchObject({ status: 'failed' });
    expect(state.closed).toBe(true);
  });
});

describe('the state of the pointer', () => {
  it('changes when the pointer is moved or written again, and is nothing without one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'models-'));
    expect(await pointerState(folder)).toBeUndefined();
    writeFileSync(join(folder, 'current'), 'a\n');
    const first = await pointerState(folder);
    expect(await pointerState(folder)).toBe(first);
    writeFileSync(join(folder, 'next'), 'a\n');
    renameSync(join(folder, 'next'), join(folder, 'current'));
    expect(await pointerState(folder)).not.toBe(first);
  });
});
