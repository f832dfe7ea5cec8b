/**
 * Rebuilds the public rows, whose labels are committed and whose texts are not.
 *
 *     npm run data:fetch [-- --only SOURCE …]       downloads the sources of training-data/public/manifest.json
 *     npm run data:fetch -- --from DIR              or takes DIR/tiers-public.jsonl (also ROUTER_DATA_DIR)
 *
 * Writes `.router/data/tiers-public.jsonl`. Exits 1 where texts are missing, 2 where nothing could be done.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { DownloadError } from '../src/training/data/download.ts';
import { type Fetched, fetchFromFolder, fetchFromSources, PUBLIC_FILE } from '../src/training/data/fetch.ts';
import { type Label, parseLabels } from '../src/training/data/labels.ts';
import { type Manifest, readManifest } from '../src/training/data/manifest.ts';
import { LABELS_FILE } from '../src/training/data/read.ts';
import { textTable } from '../src/training/data/table.ts';

const command = new Command('data:fetch')
  .description('Rebuild the public rows')
  .option('--from <dir>', `folder that holds ${PUBLIC_FILE}`, process.env.ROUTER_DATA_DIR)
  .option('--out <dir>', 'folder to write to', '.router/data')
  .option('--public <dir>', 'folder of manifest and labels', 'training-data/public')
  .option('--only <source...>', 'sources to fetch')
  .parse();
const options = command.opts<{ from?: string; out: string; public: string; only?: string[] }>();

async function fromSources(labels: readonly Label[], manifest: Manifest): Promise<Fetched> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const bar = new SingleBar({ format: '{bar} {percentage} % {file}', hideCursor: true });
  bar.start(1, 0, { file: '' });
  return fetchFromSources(labels, manifest, {
    fetch,
    signal: stop.signal,
    cache: join(options.out, 'sources'),
    onFile: (source, path) => bar.update(0, { file: `${source}: ${path}` }),
    onProgress: (done, total) => {
      bar.setTotal(total ?? done);
      bar.update(done);
    },
  }).finally(() => bar.stop());
}

function write(rows: Fetched['rows']): string {
  mkdirSync(options.out, { recursive: true });
  const path = join(options.out, PUBLIC_FILE);
  writeFileSync(`${path}.part`, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  renameSync(`${path}.part`, path);
  return path;
}

try {
  const manifest = readManifest(join(options.public, 'manifest.json'));
  const path = join(options.public, LABELS_FILE);
  const { labels: all, problems } = parseLabels(readFileSync(path, 'utf8'), path);
  const [problem] = problems;
  if (problem) throw new Error(`${problem.where}: ${problem.says}`);
  const { only } = options;
  const labels = only ? all.filter(({ source }) => only.includes(source)) : all;
  if (labels.length === 0)
    throw new Error(`no such source; known are ${manifest.sources.map(({ name }) => name).join(', ')}`);
  const fetched = options.from
    ? fetchFromFolder(options.from, labels, manifest)
    : await fromSources(labels, manifest);
  const table = fetched.sources
    .filter(({ labelled }) => labelled > 0)
    .map(({ name, labelled, found }) => [
      name,
      labelled,
      found,
      found === labelled ? '' : `${labelled - found} missing`,
    ]);
  process.stdout.write(`${textTable(['source', 'labelled', 'found', ''], table)}\n`);
  for (const note of fetched.notes.slice(0, 40)) process.stderr.write(`${note}\n`);
  process.stdout.write(`${fetched.rows.length} of ${labels.length} rows -> ${write(fetched.rows)}\n`);
  if (fetched.rows.length < labels.length) process.exitCode = 1;
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  const advice =
    error instanceof DownloadError && error.offline
      ? `\nWithout a network: npm run data:fetch -- --from DIR, where DIR holds ${PUBLIC_FILE}.`
      : '';
  process.stderr.write(`${reason}${advice}\n`);
  process.exitCode = 2;
}
