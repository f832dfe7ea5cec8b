import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Every temporary folder of a run lies below one that goes when the run ends. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'llm-router-tests-'));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
