/** Rebuilds the public rows: our labels joined with texts that are downloaded or lie in a folder. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RowInput } from '../row-schema.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import { DownloadError, download } from './download.ts';
import type { Label } from './labels.ts';
import { fileUrl, type Manifest, type Source } from './manifest.ts';
import { parseRows, textHash } from './read.ts';

/** Name of the file with the texts, in a folder given and in the one written. */
export const PUBLIC_FILE = 'tiers-public.jsonl';

/** Our label of a text with the text. */
function joined({ sha256: _, split: __, ...label }: Label, text: Candidate, licence: string): RowInput {
  return {
    ...label,
    licence,
    ...(text.messages ? { messages: [...text.messages] } : { prompt: text.prompt ?? '' }),
  };
}

export interface Fetched {
  readonly rows: readonly RowInput[];
  /** Per source: rows labelled, rows whose text was found. */
  readonly sources: readonly { readonly name: string; readonly labelled: number; readonly found: number }[];
  /** What went wrong, or must be known. */
  readonly notes: readonly string[];
}

function gather(
  labels: readonly Label[],
  texts: ReadonlyMap<string, Candidate>,
  { sources }: Manifest,
  notes: readonly string[],
): Fetched {
  const licences = new Map(sources.map(({ name, licence }) => [name, licence]));
  const rows = labels.flatMap((label) => {
    const text = texts.get(label.sha256);
    return text ? [joined(label, text, licences.get(label.source) ?? 'unknown')] : [];
  });
  const counts = sources.map(({ name }) => ({
    name,
    labelled: labels.filter(({ source }) => source === name).length,
    found: rows.filter(({ source }) => source === name).length,
  }));
  return { rows, sources: counts, notes };
}

/**
 * Joins the labels with the rows of a folder's `tiers-public.jsonl`, by hash: a text that was changed is not found.
 * Throws an Error where the folder has no such file.
 */
export function fetchFromFolder(folder: string, labels: readonly Label[], manifest: Manifest): Fetched {
  const path = join(folder, PUBLIC_FILE);
  if (!existsSync(path)) throw new Error(`${folder} holds no ${PUBLIC_FILE}`);
  const { rows, problems } = parseRows(readFileSync(path, 'utf8'), path);
  const wanted = new Map(labels.map((label) => [label.sha256, label]));
  const byId = new Map(labels.map((label) => [label.id, label]));
  const texts = new Map<string, Candidate>();
  const notes = problems.map(({ where, says }) => `${where}: ${says}`);
  for (const { row, where, id } of rows) {
    const hash = textHash(row);
    if (wanted.has(hash)) texts.set(hash, row.messages ? { messages: row.messages } : { prompt: row.prompt });
    else if (byId.has(id))
      notes.push(`${where}: the text of ${id} is not the labelled one (its SHA-256 differs)`);
  }
  return gather(labels, texts, manifest, notes);
}

export interface FetchOptions {
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  /** Folder in which downloaded files stay. */
  readonly cache: string;
  readonly onFile?: (source: string, path: string) => void;
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

/** The texts of one source that are wanted; what could not be had is noted. */
async function textsOf(
  source: Source,
  wanted: ReadonlySet<string>,
  manifest: Manifest,
  options: FetchOptions,
): Promise<{ readonly texts: ReadonlyMap<string, Candidate>; readonly notes: readonly string[] }> {
  const texts = new Map<string, Candidate>();
  const notes: string[] = [];
  for (const { path, sha256 } of source.files) {
    options.onFile?.(source.name, path);
    const local = join(options.cache, source.name, path);
    const known = sha256 === undefined ? {} : { sha256 };
    try {
      await download(fileUrl(manifest, source, path), local, { ...options, ...known });
    } catch (error) {
      if (!(error instanceof DownloadError) || error.offline || options.signal.aborted) throw error;
      notes.push(`${source.name}: ${error.message}`);
      continue;
    }
    for (const candidate of candidatesOf(local)) {
      const hash = textHash({ prompt: candidate.prompt, messages: candidate.messages });
      if (wanted.has(hash)) texts.set(hash, candidate);
    }
  }
  return { texts, notes };
}

/** Downloads the sources' files and joins the labels with their texts. Rejects with DownloadError when offline. */
export async function fetchFromSources(
  labels: readonly Label[],
  manifest: Manifest,
  options: FetchOptions,
): Promise<Fetched> {
  const texts = new Map<string, Candidate>();
  const notes: string[] = [];
  for (const source of manifest.sources) {
    const wanted = new Set(
      labels.filter((label) => label.source === source.name).map(({ sha256 }) => sha256),
    );
    if (wanted.size === 0) continue;
    if (source.files.length === 0) notes.push(`${source.name}: only with --from: ${source.note}`);
    const found = await textsOf(source, wanted, manifest, options);
    for (const [hash, text] of found.texts) texts.set(hash, text);
    notes.push(...found.notes);
  }
  return gather(labels, texts, manifest, notes);
}
