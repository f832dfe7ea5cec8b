/**
 * Estimates what another threshold, bundle or tier map would have cost, and how often its answers would have been good
 * enough, from the log alone.
 *
 *     npm run whatif -- --threshold 0.7 [--bundle ID] [--tier-map simple=moderate,...] [--store FILE] [--days N]
 *
 * Refuses where the log cannot answer, and then says what is known of the requests on which both policies agree. Exits
 * with 0 when both figures were answered, 3 when one was refused, 2 on a wrong call.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { openOnnxClassifier } from '../src/classifiers/onnx.ts';
import { createTokenReader } from '../src/classifiers/token-text.ts';
import { loadConfig } from '../src/config/load.ts';
import type { Classifier } from '../src/core/ports.ts';
import { FEATURE_VERSION } from '../src/routing/features.ts';
import { openSqliteStore } from '../src/store/sqlite.ts';
import type { Interval } from '../src/training/bootstrap.ts';
import { textTable } from '../src/training/data/table.ts';
import { DEFAULT_BOUNDS, estimateValue, type OffPolicyReport } from '../src/training/off-policy.ts';
import {
  type Context,
  contextOf,
  parseTierMap,
  type Question,
  rowsOf,
} from '../src/training/target-policy.ts';

interface Options {
  readonly threshold?: number;
  readonly bundle?: string;
  readonly tierMap?: ReturnType<typeof parseTierMap>;
  readonly store?: string;
  readonly days: number;
  readonly models: string;
  readonly leastEffective: number;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function openBundle(bundle: string, models: string): Promise<Classifier> {
  const below = join(models, bundle);
  return openOnnxClassifier(existsSync(below) ? below : bundle, { featureVersion: FEATURE_VERSION });
}

async function questionOf(
  options: Options,
): Promise<{ question: Question; says: string; classifier?: Classifier }> {
  const { threshold, bundle, tierMap = {}, models } = options;
  const classifier = bundle === undefined ? undefined : await openBundle(bundle, models);
  const doubt = threshold ?? classifier?.doubtBelow;
  const read = createTokenReader(models);
  const classify = async (kept: string) => {
    const text = read(kept);
    if (text === undefined) return undefined;
    const [answer] = (await classifier?.classify([{ text }])) ?? [];
    return answer;
  };
  const says = [
    ...(classifier ? [`bundle ${classifier.id}`] : []),
    ...(doubt === undefined ? [] : [`doubt below ${doubt}`]),
    ...Object.entries(tierMap).map(([from, to]) => `${from} goes to ${to}`),
  ].join(', ');
  const question = {
    tierMap,
    ...(doubt === undefined ? {} : { threshold: doubt }),
    ...(classifier ? { classify } : {}),
    ...(classifier?.simpleFrom === undefined ? {} : { simpleFrom: classifier.simpleFrom }),
  };
  return { question, says, ...(classifier ? { classifier } : {}) };
}

type Show = (value: number) => string;
const usd: Show = (value) => `$${value.toPrecision(3)}`;
const percent: Show = (value) => `${(value * 100).toFixed(1)} %`;
const between = ({ value, low, high }: Interval, show: Show): string =>
  `${show(value)} (${show(low)} to ${show(high)})`;

function describe(name: string, report: OffPolicyReport | undefined, show: Show): string {
  if (!report) return `${name}: nothing is known: no such request has a known value\n`;
  const { rows, logged, effectiveRows, unsupported, refusal, estimates, agreement } = report;
  const head = `${name}: ${rows} requests, worth ${effectiveRows.toFixed(1)} for this question; ${percent(unsupported)} of the choices never tried`;
  const known =
    agreement.share === 0
      ? 'the two policies agree on no request'
      : `on the ${percent(agreement.share)} of choices where both policies agree it was ${between(agreement.value, show)}`;
  if (!estimates) {
    return `${head}\n  as logged ${between(logged, show)}\n  NO ANSWER: ${refusal}\n  ${known}\n`;
  }
  const lines = [
    ['as logged', between(logged, show)],
    ['doubly robust', between(estimates.doublyRobust, show)],
    ['self-normalised', between(estimates.snips, show)],
    ['inverse propensity', between(estimates.ips, show)],
  ];
  return `${head}\n${textTable(['estimate', 'value (95 % interval)'], lines)}\n  ${known}\n`;
}

const options = new Command('whatif')
  .description('Estimate another policy from the log')
  .option('--threshold <confidence>', 'confidence below which a prediction is doubtful, 0 to 1', Number)
  .option('--bundle <id>', 'another bundle; its own threshold unless one is given')
  .option('--tier-map <map>', 'send one tier to another, e.g. simple=moderate', parseTierMap)
  .option('--store <file>', 'SQLite store (default: as the server finds it)')
  .option('--days <n>', 'how many days of the log', Number, 7)
  .option('--models <dir>', 'folder of bundles', 'models')
  .option('--least-effective <n>', 'fewest effective rows', Number, DEFAULT_BOUNDS.leastEffective)
  .parse()
  .opts<Options>();

const { threshold, bundle, tierMap } = options;
if (threshold === undefined && bundle === undefined && tierMap === undefined) {
  fail('Say what should be different: --threshold, --bundle or --tier-map.');
}
if (threshold !== undefined && !(threshold >= 0 && threshold <= 1))
  fail('--threshold: must be between 0 and 1.');
if (!(options.days > 0)) fail('--days: must be above 0.');
const path = options.store ?? loadConfig({ env: process.env }).store.path;
if (!existsSync(path)) fail(`There is no store at ${path}. Name one with --store or ROUTER_STORE.`);

const { question, says, classifier } = await questionOf(options);
const store = await openSqliteStore(path);
const now = Date.now();
const contexts: Context[] = [];
let decisions = 0;
for await (const stored of store.decisions({ from: now - options.days * 86_400_000, to: now + 1 })) {
  decisions++;
  const context = await contextOf(stored, question);
  if (context) contexts.push(context);
}
await Promise.all([store.close(), classifier?.close()]);

process.stdout.write(
  `What if: ${says}\n${decisions} decisions, ${contexts.length} of them by the classifier\n`,
);
const { cost, sufficiency, judged } = rowsOf(contexts, question);
const bounds = { ...DEFAULT_BOUNDS, leastEffective: options.leastEffective };
const reports = { cost: estimateValue(cost, { bounds }), good: estimateValue(sufficiency, { bounds }) };
process.stdout.write(`the judge would be asked of ${percent(judged)}\n\n`);
process.stdout.write(`${describe('cost of a request', reports.cost, usd)}\n`);
process.stdout.write(describe('good enough', reports.good, percent));
if (!reports.cost?.estimates || !reports.good?.estimates) process.exitCode = 3;
