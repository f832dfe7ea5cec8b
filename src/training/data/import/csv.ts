/**
 * Tables in CSV. danfojs reads the records; it refuses a whole file for one ragged line, so records are counted
 * first and only the good ones are handed to it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../../core/json.ts';
import type { Problem } from '../read.ts';

export interface CsvRecord {
  /** Line the record begins on, from 1. */
  readonly line: number;
  readonly text: string;
  readonly fields: number;
  /** False where a quoted field never ends. */
  readonly closed: boolean;
}

export const DELIMITERS = [',', ';', '\t'] as const;

/** Splits CSV (RFC 4180) into records; line breaks inside quotes belong to the record. Blank records are left out. */
export function csvRecords(text: string, delimiter: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let [start, line, startLine, fields, quoted] = [0, 1, 1, 1, false];
  const end = (at: number): void => {
    const record = text.slice(start, at).replace(/\r$/, '');
    if (record.trim() !== '') records.push({ line: startLine, text: record, fields, closed: !quoted });
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (character === delimiter && !quoted) fields++;
    if (character !== '\n') continue;
    line++;
    if (quoted) continue;
    end(at);
    [start, startLine, fields] = [at + 1, line, 1];
  }
  end(text.length);
  return records;
}

/** The delimiter that splits the first record into most fields. */
export function delimiterOf(text: string): string {
  const fields = (delimiter: string): number => csvRecords(text.slice(0, 65_536), delimiter)[0]?.fields ?? 0;
  return [...DELIMITERS].sort((a, b) => fields(b) - fields(a))[0] ?? ',';
}

export interface CsvTable {
  readonly records: readonly { readonly line: number; readonly record: JsonObject }[];
  readonly problems: readonly Problem[];
}

/** The part of danfojs that is used. */
interface Danfo {
  readCSV(
    path: string,
    options: object,
  ): Promise<{ readonly columns: readonly string[]; readonly values: readonly (readonly unknown[])[] }>;
}

async function readFrame(text: string, delimiter: string): ReturnType<Danfo['readCSV']> {
  const danfo = (await import('danfojs-node')) as unknown as Danfo;
  const folder = mkdtempSync(join(tmpdir(), 'import-'));
  try {
    const path = join(folder, 'good.csv');
    writeFileSync(path, text);
    return await danfo.readCSV(path, { delimiter, dynamicTyping: false, skipEmptyLines: true });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The records of a CSV file with the lines they begin on; ragged ones are problems. Every value is text. */
export async function readCsv(path: string): Promise<CsvTable> {
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  const delimiter = delimiterOf(text);
  const [header, ...rest] = csvRecords(text, delimiter);
  if (!header) return { records: [], problems: [{ where: `${path}:1`, says: 'the file is empty' }] };
  const good = rest.filter(({ fields, closed }) => closed && fields === header.fields);
  const problems = rest
    .filter((record) => !good.includes(record))
    .map(({ line, fields, closed }) => ({
      where: `${path}:${line}`,
      says: closed ? `${fields} fields, the header has ${header.fields}` : 'a quoted field never ends',
    }));
  if (good.length === 0) return { records: [], problems };
  const frame = await readFrame([header, ...good].map((record) => record.text).join('\n'), delimiter);
  if (frame.values.length !== good.length) {
    throw new Error(`${path}: ${good.length} records were counted but ${frame.values.length} read`);
  }
  const records = frame.values.map((values, at) => ({
    line: good[at]?.line ?? 0,
    record: Object.fromEntries(
      frame.columns.map((column, index) => [column, values[index] == null ? '' : String(values[index])]),
    ),
  }));
  return { records, problems };
}
