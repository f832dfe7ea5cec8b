/**
 * Does feedback make the router better? Replays the prompts of outcome tables through the running service with two
 * upstreams that answer right or wrong as the table says, votes as a user would on the answer that was given, retrains,
 * and compares routers on prompts that no step has seen.
 *
 *     npm run replay:outcomes -- --from DIR [--out DIR]
 *
 * Five bundles: before (no row of these tables), after bandit feedback, after 20 % of its votes were flipped, after its
 * votes were shuffled, after full outcomes. Takes about a quarter of an hour on two cores.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { openOnnxClassifier } from '../src/classifiers/onnx.ts';
import { composeRouter } from '../src/compose.ts';
import { loadConfig } from '../src/config/load.ts';
import { TIERS } from '../src/core/tier.ts';
import { FEATURE_VERSION } from '../src/routing/features.ts';
import { serve } from '../src/serve.ts';
import { openSqliteStore } from '../src/store/sqlite.ts';
import { systemClock } from '../src/surroundings.ts';
import { apgrInterval, type Routed, routerFigures } from '../src/training/apgr.ts';
import { readBaseData } from '../src/training/base-data.ts';
import { type Example, isOutcomeTest, readExamples } from '../src/training/examples.ts';
import { collectFeedback, FEEDBACK_SOURCE } from '../src/training/feedback-examples.ts';
import { FIT_DEFAULTS } from '../src/training/fit.ts';
import { fromOutcome, SIGNAL_WEIGHTS, tierOf } from '../src/training/judgements.ts';
import { createRandom, permutation } from '../src/training/random.ts';
import { train } from '../src/training/train.ts';

const TABLES = { MMLU: 'outcomes/routellm-mmlu.jsonl', GSM8K: 'outcomes/routellm-gsm8k.jsonl' } as const;
const WEAK = 'mixtral-8x7b-instruct';
const STRONG = 'gpt-4-1106-preview';
/** Votes come from this many keys, so that no one of them is over its cap. */
const USERS = 40;
const FLIPPED = 0.2;
/** Share of the requests that the router decides; the rest goes to the strong model by chance (`policy.rollout`). */
const ROUTED = 0.5;

const options = new Command('replay-outcomes')
  .description('Measure what feedback teaches on outcome tables')
  .requiredOption('--from <dir>', 'folder with outcomes/', process.env.ROUTER_DATA_DIR)
  .option('--data <dir>', 'committed training data', 'training-data')
  .option('--out <dir>', 'where the bundles go (default: a temporary folder)')
  .parse()
  .opts<{ from: string; data: string; out?: string }>();

const out = options.out ?? mkdtempSync(join(tmpdir(), 'replay-outcomes-'));
mkdirSync(out, { recursive: true });
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const tables = Object.entries(TABLES).map(([name, file]) => ({
  name,
  rows: readExamples(join(options.from, file), file),
}));
const replayed = tables.flatMap(({ rows }) => rows.filter((row) => !isOutcomeTest(row.id)));

const full = readBaseData(options);
/** The base without any row of the tables that are replayed. */
const base = {
  ...full,
  input: {
    ...full.input,
    outcomes: full.input.outcomes.filter(({ source }) => !source.includes('routellm')),
  },
};

async function trainBundle(id: string, extra: readonly Example[]): Promise<string> {
  const bar = new SingleBar({ format: `${id} {bar} {percentage} %` });
  bar.start(100, 0);
  await train({
    ...base.input,
    examples: [...base.input.examples, ...extra],
    lexiconPath: base.lexiconPath,
    tests: {},
    fit: { ...FIT_DEFAULTS, onProgress: (done) => bar.update(Math.floor(done * 100)) },
    id,
    models: out,
    codeVersion: version,
    doubtShare: 0.2,
    risk: 0.05,
  });
  bar.update(100);
  bar.stop();
  return join(out, id);
}

/** An upstream that answers `right` or `wrong`, as the table says of the prompt and the model asked. */
async function startUpstream(): Promise<{ url: string; close: () => void }> {
  const byPrompt = new Map(replayed.map((row) => [row.prompt, row.success ?? {}]));
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
      model: string;
      messages: { content: string }[];
    };
    const success = byPrompt.get(body.messages.at(-1)?.content ?? '')?.[body.model] ?? 0;
    const message = { role: 'assistant', content: success >= 0.5 ? 'right' : 'wrong' };
    const usage = { prompt_tokens: 100, completion_tokens: 1, total_tokens: 101 };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    res.setHeader('content-type', 'application/json');
    res.end(
      JSON.stringify({ id: 'r', object: 'chat.completion', created: 1, model: body.model, choices, usage }),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v1`, close: () => server.close() };
}

/** Puts every prompt to the service and votes on the answer that came. Returns the store's path. */
async function replay(bundle: string): Promise<{ storePath: string; asked: Record<string, number> }> {
  const upstream = await startUpstream();
  const storePath = join(out, `store-${Date.now()}.db`);
  const config = join(out, 'replay.json');
  writeFileSync(
    config,
    JSON.stringify({
      builtin_catalog: false,
      judge: { model: 'none' },
      store: { text: 'full' },
      classifier: { bundle, watch: false, doubt_below: 0, simple_from: 0 },
      policy: { rollout: { share: ROUTED, otherwise: 'complex' } },
      providers: { table: { base_url: upstream.url } },
      models: [
        { id: WEAK, provider: 'table', tier: 'simple' },
        { id: STRONG, provider: 'table', tier: 'complex' },
      ],
    }),
  );
  const silent = { info: () => {}, warn: () => {}, error: () => {} };
  const loaded = loadConfig({ env: { ROUTER_STORE: storePath }, path: config });
  const router = await composeRouter(loaded, {
    clock: systemClock,
    logger: silent,
    random: Math.random,
    version,
  });
  const serving = await serve(router, { host: '127.0.0.1', port: 0, drainTimeoutMs: 5_000 });
  const post = async (path: string, body: unknown, user: number): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer user-${user}` };
    const answer = await fetch(serving.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  const bar = new SingleBar({ format: 'replay {bar} {value}/{total}' });
  bar.start(replayed.length, 0);
  const asked: Record<string, number> = {};
  for (const [index, { prompt }] of replayed.entries()) {
    const user = index % USERS;
    const answer = await post('/v1/route', { prompt }, user);
    const rating = answer.response === 'right' ? 'up' : 'down';
    await post('/v1/feedback', { decision_id: answer.decision_id, rating }, user);
    asked[String(answer.model)] = (asked[String(answer.model)] ?? 0) + 1;
    bar.update(index + 1);
  }
  bar.stop();
  await serving.stop();
  upstream.close();
  return { storePath, asked };
}

async function feedbackOf(storePath: string): Promise<readonly Example[]> {
  const store = await openSqliteStore(storePath);
  const { examples } = await collectFeedback(
    store.labelled({ from: 0, to: Number.MAX_SAFE_INTEGER }),
    FEATURE_VERSION,
  );
  await store.close();
  return examples;
}

/** The row with what these answers say of the tiers: 1 good, 0 bad, NaN not seen. */
function judgedBy(row: Example, seen: NonNullable<Example['seen']>): Example {
  const { tier: _, ...rest } = row;
  const known = TIERS.flatMap((tier, at) => (Number.isNaN(seen[at]) ? [] : [[tier, seen[at] === 1]]));
  const sufficient = fromOutcome(Object.fromEntries(known));
  const tier = tierOf(sufficient, seen);
  return { ...rest, seen, sufficient, ...(tier ? { tier } : {}) };
}

/** The same rows, a share of them with the opposite of what their vote said. */
function flip(rows: readonly Example[], share: number): Example[] {
  const random = createRandom(1);
  return rows.map((row) => {
    if (random.next() >= share) return row;
    const [simple = Number.NaN, moderate = Number.NaN, complex = Number.NaN] = row.seen ?? [];
    return judgedBy(row, [1 - simple, 1 - moderate, 1 - complex]);
  });
}

/** The same rows, each with the judgement of another. */
function shuffle(rows: readonly Example[]): Example[] {
  const order = permutation(rows.length, createRandom(2));
  return rows.map((row, at) => {
    const other = rows[order[at] ?? 0] ?? row;
    return judgedBy(row, other.seen ?? [Number.NaN, Number.NaN, Number.NaN]);
  });
}

/** What the tables say of the two models, as judgements of the simple and the complex tier. */
const outcomes = replayed.map(
  ({ success, ...row }): Example =>
    judgedBy({ ...row, source: FEEDBACK_SOURCE, weight: SIGNAL_WEIGHTS.outcome }, [
      Number((success?.[WEAK] ?? 0) >= 0.5),
      Number.NaN,
      Number((success?.[STRONG] ?? 0) >= 0.5),
    ]),
);

type Trust = (rows: readonly Example[]) => Promise<readonly number[]>;

function byBundle(path: string): Trust {
  return async (rows) => {
    const classifier = await openOnnxClassifier(path, { featureVersion: FEATURE_VERSION });
    const answers = await classifier.classify(rows);
    await classifier.close();
    return answers.map(({ sufficiency }) => sufficiency.simple);
  };
}

const subjectOf = ({ id }: Example): string => id.split('/').slice(0, 2).join('/');
const priors = new Map<string, { right: number[]; saved: number[] }>();
for (const row of replayed) {
  const [weak, strong] = [row.success?.[WEAK] ?? 0, row.success?.[STRONG] ?? 0];
  const { right, saved } = priors.get(subjectOf(row)) ?? { right: [], saved: [] };
  priors.set(subjectOf(row), { right: [...right, weak], saved: [...saved, weak - strong] });
}
const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

const before = await trainBundle('before', []);
const { storePath, asked } = await replay(before);
const feedback = await feedbackOf(storePath);
process.stdout.write(`asked: ${JSON.stringify(asked)}; judgements that teach: ${feedback.length}\n`);
const routers: Readonly<Record<string, Trust>> = {
  random: async (rows) => {
    const random = createRandom(3);
    return rows.map(() => random.next());
  },
  length: async (rows) => rows.map(({ prompt }) => -prompt.length),
  'subject prior: how often the weak model is right (full outcomes)': async (rows) =>
    rows.map((row) => average(priors.get(subjectOf(row))?.right ?? [])),
  'subject prior: how much better the strong one is (full outcomes)': async (rows) =>
    rows.map((row) => average(priors.get(subjectOf(row))?.saved ?? [])),
  before: byBundle(before),
  'after bandit feedback': byBundle(await trainBundle('bandit', feedback)),
  'after bandit feedback, 20 % flipped': byBundle(await trainBundle('flipped', flip(feedback, FLIPPED))),
  'after shuffled feedback': byBundle(await trainBundle('shuffled', shuffle(feedback))),
  'after full outcomes': byBundle(await trainBundle('full', outcomes)),
};

const lines: string[] = [];
for (const { name, rows } of tables) {
  const test = rows.filter((row) => isOutcomeTest(row.id));
  for (const [router, trustOf] of Object.entries(routers)) {
    const trust = await trustOf(test);
    const routed = test.map(
      ({ success }, at): Routed => ({
        weak: success?.[WEAK] ?? 0,
        strong: success?.[STRONG] ?? 0,
        trust: trust[at] ?? 0,
      }),
    );
    const { apgr, cpt50, cpt80 } = routerFigures(routed);
    const { low, high } = apgrInterval(routed);
    const cells = [name, test.length, router, `${apgr.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`];
    lines.push(
      `| ${[...cells, `${(100 * cpt50).toFixed(0)} %`, `${(100 * cpt80).toFixed(0)} %`].join(' | ')} |`,
    );
  }
}
process.stdout.write(
  `\n| table | test prompts | router | APGR (95 %) | CPT(50 %) | CPT(80 %) |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n`,
);
