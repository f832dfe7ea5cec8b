import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What changes whenever the `current` pointer of a folder of bundles is moved or written again; undefined where the
 * folder has none.
 */
export async function pointerState(models: string): Promise<string | undefined> {
  const path = join(models, 'current');
  try {
    const { mtimeMs, ino } = await stat(path);
    return `${(await readFile(path, 'utf8')).trim()} ${mtimeMs} ${ino}`;
  } catch {
    return undefined;
  }
}
