/** The file of labelled rows: append only, safe against a crash at any moment. */
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Provenance, Row } from '../row-schema.ts';
import { idOf, parseRows } from './read.ts';

export interface LabelFile {
  /** True where the row stands in the file. */
  has(id: string): boolean;
  /** Number of rows in the file. */
  size(): number;
  /** Writes the row and waits until it is on the disk. Throws where the row stands there already. */
  append(row: Row, label?: Provenance): void;
  /** Takes back the last row that was appended since opening; its id, or undefined where there is none. */
  undo(): string | undefined;
  close(): void;
}

/** What is complete in a file: a line that a crash cut short is no row. */
function completeLength(content: Buffer): number {
  return content.lastIndexOf(0x0a) + 1;
}

/** Opens or creates the file, and cuts off a last line without its end. Throws where a complete line is no row. */
export function openLabelFile(path: string): LabelFile {
  const descriptor = openSync(path, 'a+');
  const content = readFileSync(path);
  const kept = completeLength(content);
  const { rows, problems } = parseRows(content.subarray(0, kept).toString('utf8'), path);
  const [problem] = problems;
  if (problem) {
    closeSync(descriptor);
    throw new Error(`${problem.where}: ${problem.says}`);
  }
  if (kept < content.length) ftruncateSync(descriptor, kept);
  const ids = new Set(rows.map(({ id }) => id));
  const appended: { readonly id: string; readonly start: number }[] = [];
  let length = kept;
  return {
    has: (id) => ids.has(id),
    size: () => ids.size,
    append(row, label) {
      const id = idOf(row);
      if (ids.has(id)) throw new Error(`row ${id} is labelled already`);
      const line = Buffer.from(`${JSON.stringify({ ...row, id, ...(label ? { label } : {}) })}\n`);
      writeSync(descriptor, line);
      fsyncSync(descriptor);
      ids.add(id);
      appended.push({ id, start: length });
      length += line.length;
    },
    undo() {
      const last = appended.pop();
      if (!last) return undefined;
      ftruncateSync(descriptor, last.start);
      fsyncSync(descriptor);
      length = last.start;
      ids.delete(last.id);
      return last.id;
    },
    close: () => closeSync(descriptor),
  };
}
