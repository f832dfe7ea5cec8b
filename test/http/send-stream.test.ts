import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import type { StreamFrame } from '../../src/core/chat.ts';
import { RouterError } from '../../src/core/errors.ts';
import { createDialects } from '../../src/dialects/index.ts';
import { sendStream } from '../../src/http/send-stream.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { requestOf } from '../fakes/requests.ts';
import { createGate } from '../fakes/upstream.ts';

const client = createDialects()['openai-chat'];
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves one stream of frames; `over` resolves once they have been read to their end. */
async function serve(frames: AsyncIterable<StreamFrame>): Promise<{ url: string; over: Promise<void> }> {
  let done = (): void => {};
  const over = new Promise<void>((resolve) => {
    done = resolve;
  });
  const app = express();
  app.get('/', async (_, res) => {
    const request = requestOf('hi', { stream: true });
    await sendStream(res, { client, from: 'openai-chat', request, frames, clock: createFakeClock() });
    done();
  });
  const listening = app.listen(0, '127.0.0.1');
  server = listening;
  await new Promise<void>((begun) => listening.once('listening', begun));
  return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}/`, over };
}

describe('a stream to a client', () => {
  it('ends with its last frame, though its producer still has to do', async () => {
    const labelled = createGate();
    async function* frames(): AsyncGenerator<StreamFrame> {
      yield { raw: 'data: one\n\n', events: [] };
      yield { raw: '', events: [], last: true };
      await labelled.opened;
    }
    const { url, over } = await serve(frames());
    expect(await (await fetch(url)).text()).toBe('data: one\n\n');
    labelled.open();
    await over;
  });

  it('has its failure in the format of the client', async () => {
    async function* frames(): AsyncGenerator<StreamFrame> {
      const error = new RouterError('upstream_timeout', 'too slow');
      yield { raw: 'data: one\n\n', events: [] };
      yield { raw: '', events: [{ type: 'error', error }] };
    }
    const { url } = await serve(frames());
    const [, failure = ''] = (await (await fetch(url)).text()).split('\n\n');
    expect(JSON.parse(failure.replace('data: ', ''))).toMatchObject({ error: { code: 'upstream_timeout' } });
  });

  it('is given up, frames returned, when the client leaves while it is written to', async () => {
    let returned = false;
    async function* frames(): AsyncGenerator<StreamFrame> {
      try {
        for (;;) yield { raw: `data: ${'x'.repeat(100_000)}\n\n`, events: [] };
      } finally {
        returned = true;
      }
    }
    const { url, over } = await serve(frames());
    const leave = new AbortController();
    const answer = await fetch(url, { signal: leave.signal });
    await answer.body?.getReader().read();
    leave.abort();
    await over;
    expect(returned).toBe(true);
  });
});
