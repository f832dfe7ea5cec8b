/**
 * What the router adds to a call: the same requests straight to an upstream and through the router, taking turns, so
 * that both see the same machine. The upstream answers at once; it and the router, which is the real command with its
 * store on disk, each have a process of their own.
 *
 *     npm run bench:proxy [-- --requests 2000] [--at-once 8] [--data FILE]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError } from 'commander';
import { Agent, request } from 'undici';

const ANSWER = {
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'bench',
  choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 40, completion_tokens: 1, total_tokens: 41 },
};

function chunk(delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ ...ANSWER, object: 'chat.completion.chunk', choices, usage: undefined })}\n\n`;
}

const STREAM = `${chunk({ role: 'assistant', content: 'ok' }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`;

/** Argument with which the script starts itself as the upstream. */
const UPSTREAM = 'upstream';

/** Answers every request as soon as its body is there, and prints its address. */
function serveUpstream(): void {
  const server = createServer((incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    incoming.on('end', () => {
      const streams = Buffer.concat(pieces).includes('"stream":true');
      response.writeHead(200, { 'content-type': streams ? 'text/event-stream' : 'application/json' });
      response.end(streams ? STREAM : JSON.stringify(ANSWER));
    });
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
  });
}

interface Target {
  readonly name: string;
  readonly url: string;
  readonly times: number[];
}

interface Drawn {
  readonly prompts: readonly string[];
  readonly stream: boolean;
  readonly requests: number;
  readonly atOnce: number;
}

async function timed(url: string, body: string, dispatcher: Agent): Promise<number> {
  const started = performance.now();
  const headers = { 'content-type': 'application/json' };
  const answer = await request(url, { method: 'POST', headers, body, dispatcher });
  let first: number | undefined;
  for await (const _ of answer.body) first ??= performance.now();
  if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`);
  return (first ?? performance.now()) - started;
}

/** Milliseconds to the first byte of the body, in rounds that go to either target in turn. */
async function compare(targets: readonly Target[], drawn: Drawn, dispatcher: Agent): Promise<void> {
  const ROUND = 100;
  for (let from = -2 * ROUND; from < drawn.requests; from += ROUND) {
    for (const target of targets) {
      let next = from;
      const worker = async (): Promise<void> => {
        while (next < from + ROUND) {
          const content = drawn.prompts[Math.abs(next++) % drawn.prompts.length];
          const body = JSON.stringify({
            model: 'auto',
            messages: [{ role: 'user', content }],
            stream: drawn.stream,
          });
          const time = await timed(target.url, body, dispatcher);
          if (from >= 0) target.times.push(time);
        }
      };
      await Promise.all(Array.from({ length: drawn.atOnce }, worker));
    }
  }
}

function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function line(
  name: string,
  of: (target: Target) => number,
  [direct, routed]: readonly [Target, Target],
): string {
  const [a, b] = [of(direct), of(routed)];
  return `${name.padEnd(16)}${a.toFixed(2).padStart(10)}${b.toFixed(2).padStart(10)}${(b - a).toFixed(2).padStart(10)}${(b / a).toFixed(1).padStart(9)}\n`;
}

interface Running {
  readonly url: string;
  readonly pid: number;
  stop(): void;
}

/** Starts a command that prints where it listens. */
async function startProcess(args: readonly string[], env: Record<string, string> = {}): Promise<Running> {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((found, failed) => {
    child.once('exit', (code) => failed(new Error(`${args[0]} exited with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (text) => {
      const match = /on (http:\/\/\S+)/.exec(text);
      if (match?.[1]) found(match[1]);
    });
  });
  return { url, pid: child.pid ?? 0, stop: () => void child.kill('SIGTERM') };
}

async function startRouter(upstream: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-proxy-'));
  const config = join(folder, 'config.yaml');
  const tiers = ['simple', 'moderate', 'complex'];
  writeFileSync(
    config,
    JSON.stringify({
      builtin_catalog: false,
      judge: { model: 'none' },
      providers: { upstream: { base_url: upstream } },
      models: tiers.map((tier) => ({ id: `bench-${tier}`, provider: 'upstream', tier })),
    }),
  );
  return startProcess(['src/main.ts', '--config', config], { ROUTER_STORE: join(folder, 'router.db') });
}

/** MiB of a process that are in memory. */
function residentMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1_024;
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('must be a whole number above 0');
}

async function main(): Promise<void> {
  const command = new Command('bench-proxy')
    .description('Measure what the router adds to a call')
    .option('--requests <n>', 'to each target and of each kind', count, 2_000)
    .option('--at-once <n>', 'requests in flight', count, 8)
    .option('--data <file>', 'prompts, JSON Lines', 'training-data/authored/a1.jsonl')
    .parse();
  const { requests, atOnce, data } = command.opts<{ requests: number; atOnce: number; data: string }>();
  const prompts = readFileSync(data, 'utf8')
    .split('\n')
    .filter(Boolean)
    .flatMap((row) => (JSON.parse(row) as { prompt?: string }).prompt ?? []);
  const upstreamProcess = await startProcess(['scripts/bench-proxy.ts', UPSTREAM]);
  const upstream = `${upstreamProcess.url}/v1`;
  const router = await startRouter(upstream);
  const dispatcher = new Agent({ connections: atOnce });
  for (const stream of [false, true]) {
    const targets: readonly [Target, Target] = [
      { name: 'direct', url: `${upstream}/chat/completions`, times: [] },
      { name: 'routed', url: `${router.url}/v1/chat/completions`, times: [] },
    ];
    await compare(targets, { prompts, stream, requests, atOnce }, dispatcher);
    const what = stream ? 'streams, ms to the first byte' : 'whole answers, ms';
    process.stdout.write(`${what}: ${requests} requests, ${atOnce} at once\n`);
    process.stdout.write(`${''.padEnd(16)}    direct    routed     added    ratio\n`);
    process.stdout.write(line('p50', ({ times }) => quantile(times, 0.5), targets));
    process.stdout.write(line('p99', ({ times }) => quantile(times, 0.99), targets));
  }
  process.stdout.write(`memory of the router: ${Math.round(residentMiB(router.pid))} MiB resident\n`);
  router.stop();
  await dispatcher.close();
  upstreamProcess.stop();
}

if (process.argv[2] === UPSTREAM) serveUpstream();
else await main();
