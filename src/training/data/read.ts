/** Reads data files line by line and keeps what is wrong with a line beside what is right. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { coreOf, type PlainMessage } from '../../routing/features.ts';
import { type Row, rowSchema, strictRowSchema } from '../row-schema.ts';

/** A row with its place and what the checks compare. */
export interface DataRow {
  /** `file:line`. */
  readonly where: string;
  readonly file: string;
  readonly id: string;
  readonly row: Row;
  /** Every turn. */
  readonly whole: string;
  /** What is asked now, without envelopes and courtesies. */
  readonly ask: string;
}

export interface Problem {
  readonly where: string;
  readonly says: string;
}

export interface ReadRows {
  readonly rows: readonly DataRow[];
  readonly problems: readonly Problem[];
}

/** Name of the file that holds labels and hashes of public rows, without their text. */
export const LABELS_FILE = 'labels.jsonl';

export function messagesOf(row: Pick<Row, 'prompt' | 'messages'>): readonly PlainMessage[] {
  return row.messages ?? [{ role: 'user', content: row.prompt ?? '' }];
}

/** SHA-256, hex, of the prompt, or of the messages as JSON (`[{"role":…,"content":…},…]`). */
export function textHash(row: Pick<Row, 'prompt' | 'messages'>): string {
  const messages = row.messages?.map(({ role, content }) => ({ role, content }));
  return createHash('sha256')
    .update(row.prompt ?? JSON.stringify(messages))
    .digest('hex');
}

/** The row's own id, or the first 12 hex digits of the SHA-1 of its text, as `toExample` makes it. */
export function idOf(row: Row): string {
  const text = row.prompt ?? JSON.stringify(row.messages);
  return row.id ?? createHash('sha1').update(text).digest('hex').slice(0, 12);
}

function place(row: Row, file: string, line: number): DataRow {
  const messages = messagesOf(row);
  const last = messages.findLast(({ role }) => role === 'user') ?? messages.at(-1);
  return {
    where: `${file}:${line}`,
    file,
    id: idOf(row),
    row,
    whole: messages
      .map(({ role, content }) => (messages.length > 1 ? `${role}: ${content}` : content))
      .join('\n'),
    ask: coreOf(last?.content ?? ''),
  };
}

/** The first thing wrong, naming the field. */
export function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.') || 'row'}: ${issue?.message ?? 'not valid'}`;
}

export interface JsonLine {
  /** Begins at 1. */
  readonly line: number;
  /** `undefined` where the line is not JSON. */
  readonly value: unknown;
  readonly bad: boolean;
}

/** Every non-blank line as JSON. */
export function jsonLines(text: string): JsonLine[] {
  return text.split('\n').flatMap((content, index): JsonLine[] => {
    if (content.trim() === '') return [];
    try {
      return [{ line: index + 1, value: JSON.parse(content), bad: false }];
    } catch {
      return [{ line: index + 1, value: undefined, bad: true }];
    }
  });
}

/** The rows of one file. With `strict`, unknown fields are problems. */
export function parseRows(text: string, file: string, strict = false): ReadRows {
  const rows: DataRow[] = [];
  const problems: Problem[] = [];
  const schema = strict ? strictRowSchema : rowSchema;
  for (const { line, value, bad } of jsonLines(text)) {
    const where = `${file}:${line}`;
    if (bad) {
      problems.push({ where, says: 'not JSON' });
      continue;
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) rows.push(place(parsed.data, file, line));
    else problems.push({ where, says: firstIssue(parsed.error) });
  }
  return { rows, problems };
}

/** Labels without texts: `labels.jsonl`, `second-labels.jsonl`. */
const LABELS_ONLY = /(?:^|-)labels\.jsonl$/;

/** Every `.jsonl` file at or below a path, in the order of names; in folders, files of labels are no rows. */
export function dataFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).sort();
  return names.flatMap((name) => {
    const full = join(path, name);
    if (statSync(full).isDirectory()) return dataFiles(full);
    return name.endsWith('.jsonl') && !LABELS_ONLY.test(name) ? [full] : [];
  });
}

/** The rows of files and folders. */
export function readRows(paths: readonly string[], strict = false): ReadRows {
  const parts = paths.flatMap(dataFiles).map((file) => parseRows(readFileSync(file, 'utf8'), file, strict));
  return {
    rows: parts.flatMap(({ rows }) => rows),
    problems: parts.flatMap(({ problems }) => problems),
  };
}
