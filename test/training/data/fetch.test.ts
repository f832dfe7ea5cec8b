import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { candidatesOf } from '../../../src/training/data/candidates.ts';
import { DownloadError, download } from '../../../src/training/data/download.ts';
import { fetchFromFolder, fetchFromSources } from '../../../src/training/data/fetch.ts';
import { type Label, parseLabels } from '../../../src/training/data/labels.ts';
import { fileUrl, type Manifest, readManifest } from '../../../src/training/data/manifest.ts';
import { textHash } from '../../../src/training/data/read.ts';
import { isHeldOut } from '../../../src/training/examples.ts';
import { lines } from './rows.ts';

const PUBLIC = join(import.meta.dirname, '../../../training-data/public');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const temporary = (): string => mkdtempSync(join(tmpdir(), 'fetch-'));

interface Host {
  readonly base: string;
  /** Method, path and range of each request. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** Serves files with ranges; `cut` ends the first answer after so many bytes. */
async function serve(files: Readonly<Record<string, string>>, cut?: number): Promise<Host> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    asked.push(`${path} ${request.headers.range ?? ''}`.trim());
    const content = files[path];
    if (content === undefined) return void response.writeHead(404).end();
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from > 0 && from >= content.length) return void response.writeHead(416).end();
    const body = content.slice(from);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': body.length });
    if (cut === undefined || asked.length > 1) return void response.end(body);
    response.write(body.slice(0, cut), () => setTimeout(() => response.destroy(), 20));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { base: `http://127.0.0.1:${port}`, asked, close };
}

let host: Host | undefined;
let folder: string;

beforeEach(() => {
  folder = temporary();
});

afterEach(async () => {
  await host?.close();
  host = undefined;
});

const signal = new AbortController().signal;

describe('download', () => {
  const CONTENT = 'a line of text\n'.repeat(400);

  it('writes the file, says how far it is, and does not ask for what is there', async () => {
    host = await serve({ '/a': CONTENT });
    const path = join(folder, 'deep/a');
    const progress: [number, number | undefined][] = [];
    const onProgress = (done: number, total: number | undefined) => void progress.push([done, total]);
    const options = { fetch, signal, sha256: sha256(CONTENT), onProgress };
    await download(`${host.base}/a`, path, options);
    await download(`${host.base}/a`, path, options);
    expect(readFileSync(path, 'utf8')).toBe(CONTENT);
    expect(progress.at(-1)).toEqual([CONTENT.length, CONTENT.length]);
    expect(host.asked).toHaveLength(1);
  });

  it('goes on where it broke off', async () => {
    host = await serve({ '/a': CONTENT }, 1_000);
    const path = join(folder, 'a');
    const options = { fetch, signal, sha256: sha256(CONTENT) };
    await expect(download(`${host.base}/a`, path, options)).rejects.toThrow(/broke off after \d+ bytes/);
    expect(existsSync(path)).toBe(false);
    await download(`${host.base}/a`, path, options);
    expect(readFileSync(path, 'utf8')).toBe(CONTENT);
    expect(host.asked).toEqual(['/a', expect.stringMatching(/^\/a bytes=\d+-$/)]);
  });

  it('begins anew where the rest does not fit', async () => {
    host = await serve({ '/a': 'short' });
    const path = join(folder, 'a');
    writeFileSync(`${path}.part`, 'something longer');
    await download(`${host.base}/a`, path, { fetch, signal });
    expect(readFileSync(path, 'utf8')).toBe('short');
  });

  it('refuses a file that is not the one it was', async () => {
    host = await serve({ '/a': 'other' });
    const path = join(folder, 'a');
    await expect(download(`${host.base}/a`, path, { fetch, signal, sha256: sha256('this') })).rejects.toThrow(
      /SHA-256/,
    );
    expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, false]);
  });

  it('names the answer of a server that has no such file', async () => {
    host = await serve({});
    const failure = download(`${host.base}/a`, join(folder, 'a'), { fetch, signal });
    await expect(failure).rejects.toMatchObject({ message: `${host.base}/a answered 404`, offline: false });
  });

  it('says that nothing can be reached', async () => {
    host = await serve({});
    const { base } = host;
    await host.close();
    host = undefined;
    const failure = await download(`${base}/a`, join(folder, 'a'), { fetch, signal }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(DownloadError);
    expect(failure).toMatchObject({
      offline: true,
      message: expect.stringMatching(/^cannot reach 127.*ECONNREFUSED/),
    });
  });
});

describe('candidates', () => {
  const talk = '\n\nHuman: hello\n\nAssistant: Hi.\n\nHuman: and now?\n\nAssistant: Now this.';
  const messages = [
    { role: 'user', content: 'hello' },
    { role: 'assistant', content: 'Hi.' },
    { role: 'user', content: 'and now?' },
  ];
  it.each<[string, string, string | Buffer, object]>([
    [
      'fields of records',
      'a.jsonl',
      lines({ turns: [{ content: 'hard question ' }] }),
      { prompt: 'hard question ' },
    ],
    ['nested lists', 'a.json', '{"train": [["what time is it", "time"]]}', { prompt: 'what time is it' }],
    [
      'instruction and input',
      'a.json',
      '[{"instruction": "Sort.", "input": "3 1"}]',
      { prompt: 'Sort.\n3 1' },
    ],
    [
      'instruction and instances',
      'a.jsonl',
      lines({ instruction: 'Sort.', instances: [{ input: '3 1' }] }),
      { prompt: 'Sort.\n\n3 1' },
    ],
    ['transcripts', 'a.jsonl.gz', gzipSync(lines({ chosen: talk })), { messages }],
    ['quoted fields of CSV', 'a.csv', 'text,category\n"why, ""oh"" why",fee\n', { prompt: 'why, "oh" why' }],
    [
      'plain fields of CSV',
      'a.csv',
      'text,category\nMy refund is missing,refund\n',
      { prompt: 'My refund is missing' },
    ],
    [
      'Python strings',
      'a.py',
      'Task(\n  instruction="It\\"s \\u00e9 \\n{\'a\': 1}. ",',
      { prompt: "It\"s é \n{'a': 1}. " },
    ],
  ])('finds %s', (_, name, content, expected) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    expect(candidatesOf(path)).toContainEqual(expected);
  });
});

describe('data:fetch', () => {
  const label = (id: string, prompt: string, source = 'set'): Label => ({
    id,
    source,
    tier: 'simple',
    certain: true,
    split: 'train',
    sha256: textHash({ prompt, messages: undefined }),
  });
  const manifest = (base: string): Manifest => ({
    base_url: base,
    sources: [
      {
        name: 'set',
        repository: 'some/set',
        revision: 'abcdef1',
        licence: 'MIT',
        attribution: 'Some',
        files: [{ path: 'data/a b.json' }, { path: 'gone.json' }],
      },
      {
        name: 'big',
        repository: 'a/b',
        revision: 'abcdef1',
        licence: 'MIT',
        attribution: 'B',
        files: [],
        note: 'too big',
      },
    ],
  });

  it('joins labels with downloaded texts by hash, and says what is missing', async () => {
    host = await serve({ '/some/set/abcdef1/data/a b.json': '[{"q": "first"}, {"q": "unlabelled"}]' });
    const labels = [label('1', 'first'), label('2', 'second'), label('3', 'third', 'big')];
    const fetched = await fetchFromSources(labels, manifest(host.base), { fetch, signal, cache: folder });
    expect(fetched.rows).toEqual([
      { id: '1', source: 'set', tier: 'simple', certain: true, licence: 'MIT', prompt: 'first' },
    ]);
    expect(fetched.sources).toEqual([
      { name: 'set', labelled: 2, found: 1 },
      { name: 'big', labelled: 1, found: 0 },
    ]);
    expect(fetched.notes).toEqual([
      expect.stringMatching(/^set: .*gone\.json answered 404$/),
      'big: only with --from: too big',
    ]);
  });

  it('stops at once where nothing can be reached', async () => {
    host = await serve({});
    const { base } = host;
    await host.close();
    host = undefined;
    const fetched = fetchFromSources([label('1', 'first')], manifest(base), { fetch, signal, cache: folder });
    await expect(fetched).rejects.toMatchObject({ offline: true });
  });

  it('takes texts from a folder, and notices one that was changed', () => {
    const rows = lines({ id: '1', prompt: 'first', tier: 'complex' }, { id: '2', prompt: 'second, changed' });
    writeFileSync(join(folder, 'tiers-public.jsonl'), rows);
    const fetched = fetchFromFolder(
      folder,
      [label('1', 'first'), label('2', 'second')],
      manifest('http://x.test'),
    );
    expect(fetched.rows).toEqual([
      expect.objectContaining({ id: '1', prompt: 'first', tier: 'simple', licence: 'MIT' }),
    ]);
    expect(fetched.notes).toEqual([expect.stringContaining('the text of 2 is not the labelled one')]);
  });

  it('says that a folder holds nothing', () => {
    mkdirSync(join(folder, 'empty'));
    expect(() => fetchFromFolder(join(folder, 'empty'), [], manifest('http://x.test'))).toThrow(
      'holds no tiers-public.jsonl',
    );
  });

  it('refuses a source without files that says no reason', () => {
    const { note: _, ...big } = manifest('http://x.test').sources[1] ?? {};
    const path = join(folder, 'manifest.json');
    writeFileSync(path, JSON.stringify({ base_url: 'https://x.test', sources: [big] }));
    expect(() => readManifest(path)).toThrow('needs a note');
  });
});

describe('what is committed of the public rows', () => {
  const { labels, problems } = parseLabels(
    readFileSync(join(PUBLIC, 'labels.jsonl'), 'utf8'),
    'labels.jsonl',
  );
  const manifest = readManifest(join(PUBLIC, 'manifest.json'));

  it('are labels of known sources, each row once, split by the rule', () => {
    expect(problems).toEqual([]);
    expect(new Set(labels.map(({ id }) => id)).size).toBe(labels.length);
    expect(new Set(labels.map((row) => row.sha256)).size).toBe(labels.length);
    const sources = new Set(manifest.sources.map(({ name }) => name));
    expect(labels.filter(({ source }) => !sources.has(source))).toEqual([]);
    expect(labels.filter(({ id, split }) => (split === 'heldout') !== isHeldOut(id))).toEqual([]);
  });

  it('has a URL for each file', () => {
    for (const source of manifest.sources) {
      for (const { path } of source.files)
        expect(() => new URL(fileUrl(manifest, source, path))).not.toThrow();
    }
  });
});
