/** Turns logs and tables into rows of our schema. Every record that becomes no row is reported or counted. */
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import { type Row, type RowInput, rowSchema } from '../../row-schema.ts';
import { firstIssue, idOf, jsonLines, type Problem, textHash } from '../read.ts';
import { anthropicFormat } from './anthropic.ts';
import { readCsv } from './csv.ts';
import type { ImportFormat } from './format.ts';
import { heliconeFormat } from './helicone.ts';
import { langfuseFormat } from './langfuse.ts';
import { liteLlmFormat } from './litellm.ts';
import { openAiFormat } from './openai.ts';
import { plainFormat } from './plain.ts';

/** In the order in which a record is tried: what says more of itself comes first. */
const FORMATS: readonly ImportFormat[] = [
  heliconeFormat,
  liteLlmFormat,
  langfuseFormat,
  anthropicFormat,
  openAiFormat,
  plainFormat,
];

export const FORMAT_NAMES = [
  'auto',
  'csv',
  'jsonl',
  'openai',
  'anthropic',
  'litellm',
  'langfuse',
  'helicone',
] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

interface Place {
  readonly where: string;
  readonly record: JsonObject;
}

interface Container {
  readonly places: readonly Place[];
  readonly problems: readonly Problem[];
}

/** Lists of records that exports wrap in an object. */
const WRAPPERS = ['data', 'observations', 'traces', 'requests', 'logs'] as const;

function wholeJson(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
    if (!isJsonObject(value)) return undefined;
    const lists = WRAPPERS.map((name) => value[name]).filter(Array.isArray);
    return lists[0] ?? [value];
  } catch {
    return undefined;
  }
}

/** JSON Lines by line, or one JSON document by item. */
export function jsonContainer(text: string, path: string): Container {
  const items = wholeJson(text);
  const found = items
    ? items.map((value, at) => ({ where: `${path}: item ${at + 1}`, value, bad: false }))
    : jsonLines(text).map(({ line, value, bad }) => ({ where: `${path}:${line}`, value, bad }));
  return {
    places: found.flatMap(({ where, value }) => (isJsonObject(value) ? [{ where, record: value }] : [])),
    problems: found.flatMap(({ where, value, bad }) =>
      isJsonObject(value) ? [] : [{ where, says: bad ? 'not JSON' : 'not an object' }],
    ),
  };
}

async function readContainer(path: string, format: FormatName): Promise<Container> {
  const table =
    format === 'csv' || (format !== 'jsonl' && ['.csv', '.tsv'].includes(extname(path).toLowerCase()));
  if (!table) return jsonContainer(readFileSync(path, 'utf8'), path);
  const { records, problems } = await readCsv(path);
  return { places: records.map(({ line, record }) => ({ where: `${path}:${line}`, record })), problems };
}

/** The format of the first record that one recognises. */
export function detect(places: readonly Place[]): ImportFormat | undefined {
  for (const { record } of places) {
    const format = FORMATS.find((candidate) => candidate.recognises(record));
    if (format) return format;
  }
  return undefined;
}

function formatFor(name: FormatName, places: readonly Place[]): ImportFormat {
  if (name === 'auto') return detect(places) ?? plainFormat;
  return FORMATS.find((format) => format.name === name) ?? plainFormat;
}

export interface ImportOptions {
  readonly format: FormatName;
  /** Where the rows come from; the format's name where absent and the record names none. */
  readonly source?: string;
  /** Takes secrets and personal data out of a text; absent: texts stay as they are. */
  readonly redact?: (text: string) => string;
  /** Keeps requests that stand in the file more than once. */
  readonly keepRepeats?: boolean;
}

export interface Imported {
  readonly format: string;
  readonly rows: readonly Row[];
  /** Records read, whatever became of them. */
  readonly records: number;
  readonly problems: readonly Problem[];
  /** Records that are no requests, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly repeats: number;
  /** Rows of which something was taken out. */
  readonly redacted: number;
}

function cleaned(row: RowInput, redact: ((text: string) => string) | undefined): RowInput {
  if (!redact) return row;
  return {
    ...row,
    ...(row.prompt === undefined ? {} : { prompt: redact(row.prompt) }),
    ...(row.messages
      ? {
          messages: row.messages.map(({ role, content }) => ({
            role,
            content: typeof content === 'string' ? redact(content) : content,
          })),
        }
      : {}),
  };
}

/** Maps records. Pure but for `redact`. */
export function importRecords(places: readonly Place[], options: ImportOptions): Imported {
  const format = formatFor(options.format, places);
  const rows: Row[] = [];
  const problems: Problem[] = [];
  const skipped: Record<string, number> = {};
  const seen = new Set<string>();
  let [repeats, redacted] = [0, 0];
  for (const { where, record } of places) {
    const mapped = format.map(record);
    if ('skip' in mapped) skipped[mapped.skip] = (skipped[mapped.skip] ?? 0) + 1;
    else if ('bad' in mapped) problems.push({ where, says: mapped.bad });
    else {
      const clean = cleaned({ source: options.source ?? format.name, ...mapped.row }, options.redact);
      const read = rowSchema.safeParse(clean);
      if (!read.success) {
        problems.push({ where, says: firstIssue(read.error) });
        continue;
      }
      const key = `${textHash(read.data)} ${JSON.stringify(read.data.facts ?? {})} ${read.data.tier ?? ''}`;
      if (seen.has(key) && !options.keepRepeats) {
        repeats++;
        continue;
      }
      seen.add(key);
      if (
        clean.prompt !== mapped.row.prompt ||
        JSON.stringify(clean.messages) !== JSON.stringify(mapped.row.messages)
      ) {
        redacted++;
      }
      rows.push({ ...read.data, id: idOf(read.data) });
    }
  }
  return { format: format.name, rows, records: places.length, problems, skipped, repeats, redacted };
}

/** Imports a file. Rejects where it cannot be read. */
export async function importFile(path: string, options: ImportOptions): Promise<Imported> {
  const { places, problems } = await readContainer(path, options.format);
  const imported = importRecords(places, options);
  return {
    ...imported,
    records: imported.records + problems.length,
    problems: [...problems, ...imported.problems],
  };
}
