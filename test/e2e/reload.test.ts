import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { pointTo } from '../../src/training/bundle-writer.ts';
import { tinyBundle } from '../training/tiny.ts';
import { type RunningServer, startServer } from './server.ts';

let server: RunningServer | undefined;
afterEach(() => server?.stop());

/** A copy of the bundle under another id. */
function copy(models: string, from: string, id: string): void {
  cpSync(join(models, from), join(models, id), { recursive: true });
  const path = join(models, id, 'manifest.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), id }));
}

it('SIGHUP swaps the bundle, and a broken one leaves the old one serving', async () => {
  const { models } = await tinyBundle();
  copy(models, 'tiny', 'second');
  copy(models, 'tiny', 'broken');
  writeFileSync(join(models, 'broken', 'onnx', 'model.onnx'), 'no model');
  pointTo(models, 'tiny');
  const running = await startServer({ config: { classifier: { bundle: models, watch: false } } });
  server = running;
  const decidedBy = async (): Promise<string | null> => {
    const answer = await fetch(`${running.url}/v1/route`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'spell the word garden' }),
    });
    expect(answer.status).toBe(200);
    return answer.headers.get('x-router-classifier');
  };
  expect(await decidedBy()).toBe('tiny');
  pointTo(models, 'second');
  running.process.kill('SIGHUP');
  await vi.waitFor(async () => expect(await decidedBy()).toBe('second'), { timeout: 20_000, interval: 100 });

  pointTo(models, 'broken');
  const reload = await fetch(`${running.url}/v1/admin/reload`, { method: 'POST' });
  expect(reload.status).toBe(422);
  expect(await reload.json()).toMatchObject({
    status: 'failed',
    serving: 'second',
    reason: expect.stringContaining('is not the file its manifest describes'),
  });
  running.process.kill('SIGHUP');
  expect(await decidedBy()).toBe('second');
  expect(await running.stop()).toBe(0);
}, 60_000);
