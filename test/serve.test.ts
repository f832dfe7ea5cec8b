import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import type { Router } from '../src/compose.ts';
import { type ServeOptions, type Serving, serve } from '../src/serve.ts';

let serving: Serving | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await serving?.stop();
});

async function start(options: Partial<ServeOptions> = {}): Promise<number> {
  const app = express();
  app.get('/', (_req, res) => {
    res.send('here');
  });
  app.post('/', express.text(), (_req, res) => {
    res.send('whole');
  });
  const router = { app, drain: () => {}, close: async () => {} } as unknown as Router;
  serving = await serve(router, {
    host: '127.0.0.1',
    port: 0,
    drainTimeoutMs: 1_000,
    headersTimeoutMs: 60_000,
    requestTimeoutMs: 60_000,
    ...options,
  });
  return Number(new URL(serving.url).port);
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** Everything the server says until it closes the connection. */
async function said(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  if (!socket.closed) await once(socket, 'close');
  return text;
}

describe('a client that sends slowly', () => {
  it.each([
    ['headers', { headersTimeoutMs: 50 }, 'GET / HTTP/1.1\r\nhost: a\r\nx-sl'],
    [
      'a body',
      { requestTimeoutMs: 50 },
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: 100\r\n\r\nabc',
    ],
  ])('%s is told 408 and let go', async (_, options, sent) => {
    const socket = await open(await start(options));
    socket.write(sent);
    expect(await said(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('keeps no other from being answered', async () => {
    const port = await start({ headersTimeoutMs: 60_000 });
    for (let count = 0; count < 50; count++) (await open(port)).write('GET / HTTP/1.1\r\n');
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('here');
  });
});

describe('headers', () => {
  it('beyond 16 KiB are refused', async () => {
    const socket = await open(await start());
    socket.write(`GET / HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`);
    expect(await said(socket)).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('connections', () => {
  it('beyond the limit are closed', async () => {
    const port = await start({ maxConnections: 2 });
    const kept = [await open(port), await open(port)];
    expect(await said(await open(port))).toBe('');
    expect(kept.map(({ closed }) => closed)).toEqual([false, false]);
  });
});
