/**
 * Every text in a file of a public set that may be a prompt of ours. Which one is tells its hash, so that a converter
 * that composes too much does no harm and one that composes wrongly is noticed.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import type { Row } from '../row-schema.ts';
import { csvRecords, delimiterOf } from './import/csv.ts';
import { jsonLines } from './read.ts';

export type Candidate = Pick<Row, 'prompt' | 'messages'>;

function strings(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(strings);
  return isJsonObject(value)
    ? Object.values(value).flatMap((inner) => (inner === undefined ? [] : strings(inner)))
    : [];
}

/** `instruction` and `input`, as instruction sets join them. */
function instructed(value: JsonValue): string[] {
  if (!isJsonObject(value) || typeof value.instruction !== 'string') return [];
  const { instruction } = value;
  const instances = Array.isArray(value.instances) ? value.instances : [value];
  return instances.flatMap((instance) =>
    isJsonObject(instance) && typeof instance.input === 'string' && instance.input !== ''
      ? ['\n', '\n\n'].map((between) => `${instruction}${between}${instance.input}`)
      : [],
  );
}

/** The turns of a transcript (`\n\nHuman: … \n\nAssistant: …`) up to its last question. */
function transcript(text: string): Candidate[] {
  const parts = text.split(/\n\n(Human|Assistant):/).slice(1);
  const messages = parts.flatMap((part, at) =>
    at % 2 === 0
      ? [
          {
            role: part === 'Human' ? ('user' as const) : ('assistant' as const),
            content: (parts[at + 1] ?? '').trim(),
          },
        ]
      : [],
  );
  const asked = messages.slice(0, messages.findLastIndex(({ role }) => role === 'user') + 1);
  return asked.length === 0 ? [] : [{ messages: asked }];
}

function ofRecord(record: JsonValue): Candidate[] {
  const list = Array.isArray(record) ? record : [record];
  const prompts = [...strings(record), ...list.flatMap(instructed)];
  const talks = prompts.filter((text) => text.startsWith('\n\nHuman:')).flatMap(transcript);
  return [...prompts.map((prompt) => ({ prompt })), ...talks];
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** String literals of Python source on one line, with their escapes resolved. */
export function pythonStrings(source: string): string[] {
  const literals = source.matchAll(/"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'/g);
  return [...literals].map(([, double, single]) =>
    (double ?? single ?? '').replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, escaped: string) =>
      escaped.length === 5
        ? String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
        : (ESCAPES[escaped] ?? escaped),
    ),
  );
}

function csvFields(text: string): string[] {
  return csvRecords(text, delimiterOf(text)).flatMap(({ text: record }) =>
    [...record.matchAll(/"((?:[^"]|"")*)"|([^,;\t]+)/g)].map(([, quoted, plain]) =>
      (quoted ?? plain ?? '').replaceAll('""', '"'),
    ),
  );
}

function records(text: string): JsonValue[] {
  try {
    const whole = JSON.parse(text) as JsonValue;
    return Array.isArray(whole) ? whole : [whole];
  } catch {
    return jsonLines(text).flatMap(({ value, bad }) => (bad ? [] : [value as JsonValue]));
  }
}

/** The candidates of one downloaded file, by the ending of its name: json, jsonl (also .gz), csv, py. */
export function candidatesOf(path: string): Candidate[] {
  const content = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(content) : content).toString('utf8');
  const name = path.replace(/\.gz$/, '');
  if (name.endsWith('.py')) return pythonStrings(text).map((prompt) => ({ prompt }));
  if (name.endsWith('.csv')) return csvFields(text).map((prompt) => ({ prompt }));
  return records(text).flatMap(ofRecord);
}
