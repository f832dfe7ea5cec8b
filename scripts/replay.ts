/**
 * Replays labelled prompts through a running router with the two official clients, half of them streamed, votes on
 * each answer, and prints the tier mix, the agreement with the labels and the latency the router added.
 *
 *     npm run replay -- --data FILE [--url http://127.0.0.1:8787] [--limit N]
 *
 * Added latency is the time of the whole exchange with the demo provider, whose own answer takes no time.
 */
import { readFileSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import OpenAI from 'openai';
import { TIERS } from '../src/core/tier.ts';

interface Options {
  readonly data: string;
  readonly url: string;
  readonly limit: number;
}

interface Asked {
  readonly headers: Headers;
  /** Milliseconds to the response's headers: decision, record and the upstream's first content. */
  readonly firstByteMs: number;
}

const options = new Command('replay')
  .description('Replay labelled prompts through a running router')
  .requiredOption('--data <file>', 'JSON Lines with prompt and tier')
  .option('--url <url>', 'the router', 'http://127.0.0.1:8787')
  .option('--limit <n>', 'at most so many prompts', Number, 1_000)
  .parse()
  .opts<Options>();

const openai = new OpenAI({ baseURL: `${options.url}/v1`, apiKey: 'replay', maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: options.url, apiKey: 'replay', maxRetries: 0 });

async function askOpenAi(content: string, stream: boolean): Promise<Asked> {
  const started = performance.now();
  const body = { model: 'auto', messages: [{ role: 'user' as const, content }] };
  if (!stream) {
    const { response } = await openai.chat.completions.create(body).withResponse();
    return { headers: response.headers, firstByteMs: performance.now() - started };
  }
  const { data, response } = await openai.chat.completions.create({ ...body, stream: true }).withResponse();
  const firstByteMs = performance.now() - started;
  for await (const _ of data);
  return { headers: response.headers, firstByteMs };
}

async function askAnthropic(content: string, stream: boolean): Promise<Asked> {
  const started = performance.now();
  const body = { model: 'auto', max_tokens: 1_000, messages: [{ role: 'user' as const, content }] };
  if (!stream) {
    const { response } = await anthropic.messages.create(body).withResponse();
    return { headers: response.headers, firstByteMs: performance.now() - started };
  }
  const events = anthropic.messages.stream(body);
  const { response } = await events.withResponse();
  const firstByteMs = performance.now() - started;
  await events.finalMessage();
  return { headers: response.headers, firstByteMs };
}

async function vote(decision: string, right: boolean): Promise<void> {
  const answer = await fetch(`${options.url}/v1/feedback`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ decision_id: decision, rating: right ? 'up' : 'down' }),
  });
  if (!answer.ok) throw new Error(`feedback on ${decision} was answered ${answer.status}`);
}

/** Nearest-rank percentile. */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

const rows = readFileSync(options.data, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as { prompt?: string; tier?: string })
  .filter(
    (row): row is { prompt: string; tier: string } => row.prompt !== undefined && row.tier !== undefined,
  )
  .slice(0, options.limit);

for (const [client, ask] of Object.entries({ openai: askOpenAi, '@anthropic-ai/sdk': askAnthropic })) {
  const bar = new SingleBar({ format: `${client} {bar} {value}/{total}` });
  bar.start(rows.length, 0);
  const mix = new Map<string, number>();
  const latencies: number[] = [];
  let right = 0;
  for (const [index, { prompt, tier }] of rows.entries()) {
    const { headers, firstByteMs } = await ask(prompt, index % 2 === 0);
    const chosen = headers.get('x-router-tier') ?? '';
    mix.set(chosen, (mix.get(chosen) ?? 0) + 1);
    latencies.push(firstByteMs);
    if (chosen === tier) right++;
    await vote(headers.get('x-router-decision-id') ?? '', chosen === tier);
    bar.update(index + 1);
  }
  bar.stop();
  const shares = TIERS.map((tier) => `${tier} ${mix.get(tier) ?? 0}`).join(', ');
  const ms = (share: number): string => percentile(latencies, share).toFixed(2);
  process.stdout.write(
    `${client}: ${rows.length} answered; ${shares}; agrees with the label in ${((100 * right) / rows.length).toFixed(1)} %; first byte p50 ${ms(0.5)} ms, p99 ${ms(0.99)} ms\n`,
  );
}

const stats = (await (await fetch(`${options.url}/v1/stats?window=1h`)).json()) as {
  total: { requests: number; feedback: object; decision_ms: { p50: number; p99: number } };
  by_source: Record<string, number>;
};
const { requests, feedback, decision_ms: decision } = stats.total;
process.stdout.write(
  `${JSON.stringify({ requests, feedback, decision_ms: decision, by_source: stats.by_source })}\n`,
);
