import { describe, expect, test } from 'vitest';
import type { ChatRequest, StreamFrame } from '../../src/core/chat.ts';
import type { RequestContext } from '../../src/routing/context.ts';
import type { Handled } from '../../src/routing/handle.ts';
import { countInFlight } from '../../src/routing/in-flight.ts';

const request = {} as ChatRequest;
const context = {} as RequestContext;

async function* twoFrames(): AsyncGenerator<StreamFrame> {
  yield { raw: 'a', events: [] };
  yield { raw: 'b', events: [] };
}

const streamed = { result: { kind: 'stream', frames: twoFrames() } } as unknown as Handled;

/** Whether the promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {},
  );
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('countInFlight', () => {
  test('is idle before the first request and once the last has failed', async () => {
    let fail = (): void => {};
    const { handle, idle } = countInFlight(
      () =>
        new Promise((_, reject) => {
          fail = () => reject(new Error('broken'));
        }),
    );
    expect(await isSettled(idle())).toBe(true);
    const first = handle(request, context);
    const waiting = idle();
    expect(await isSettled(waiting)).toBe(false);
    fail();
    await expect(first).rejects.toThrow('broken');
    expect(await isSettled(waiting)).toBe(true);
  });

  test('counts a stream until it is read or given up', async () => {
    const { handle, idle } = countInFlight(async () => streamed);
    const { result } = await handle(request, context);
    if (result.kind !== 'stream') throw new Error('no stream');
    const waiting = idle();
    const frames = result.frames[Symbol.asyncIterator]();
    expect((await frames.next()).value?.raw).toBe('a');
    expect(await isSettled(waiting)).toBe(false);
    await frames.return?.();
    expect(await isSettled(waiting)).toBe(true);
  });
});
