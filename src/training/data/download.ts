/** Downloads one file: resumable, checked, never half there under its own name. */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What went wrong, for the person who downloads. */
export class DownloadError extends Error {
  /** True where nothing could be reached: no other file will come either. */
  readonly offline: boolean;
  constructor(message: string, offline = false) {
    super(message);
    this.offline = offline;
  }
}

export interface DownloadOptions {
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  /** Of the whole file, hex. */
  readonly sha256?: string;
  /** Bytes that are there, and those that will be where the server says so. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

export async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return String(cause);
}

async function request(
  url: string,
  from: number,
  { fetch: get, signal }: DownloadOptions,
): Promise<Response> {
  const headers = { 'accept-encoding': 'identity', ...(from > 0 ? { range: `bytes=${from}-` } : {}) };
  try {
    return await get(url, { signal, headers });
  } catch (error) {
    if (signal.aborted) throw new DownloadError('stopped');
    throw new DownloadError(`cannot reach ${new URL(url).host} (${causeOf(error)})`, true);
  }
}

async function receive(
  response: Response,
  part: string,
  from: number,
  options: DownloadOptions,
): Promise<void> {
  const length = Number(response.headers.get('content-length'));
  const total = length > 0 && !response.headers.has('content-encoding') ? from + length : undefined;
  let done = from;
  const count = new Transform({
    transform(chunk: Buffer, _, next) {
      done += chunk.length;
      options.onProgress?.(done, total);
      next(null, chunk);
    },
  });
  const body = response.body as Parameters<typeof Readable.fromWeb>[0] | null;
  if (!body) throw new DownloadError('an empty answer');
  try {
    await pipeline(Readable.fromWeb(body), count, createWriteStream(part, { flags: from > 0 ? 'a' : 'w' }));
  } catch (error) {
    throw new DownloadError(`broke off after ${done} bytes (${causeOf(error)}); run again to go on`);
  }
}

/**
 * Downloads `url` to `path`, going on where an earlier try broke off. A file that is there already, with the right
 * hash where one is known, is left alone. Rejects with DownloadError.
 */
export async function download(url: string, path: string, options: DownloadOptions): Promise<void> {
  const { sha256 } = options;
  if (existsSync(path) && (sha256 === undefined || (await fileHash(path)) === sha256)) return;
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.part`;
  const have = existsSync(part) ? statSync(part).size : 0;
  let response = await request(url, have, options);
  if (response.status === 416) {
    rmSync(part);
    response = await request(url, 0, options);
  }
  if (response.status !== 200 && response.status !== 206) {
    await response.body?.cancel();
    throw new DownloadError(`${url} answered ${response.status}`);
  }
  await receive(response, part, response.status === 206 ? have : 0, options);
  if (sha256 !== undefined && (await fileHash(part)) !== sha256) {
    rmSync(part);
    throw new DownloadError(`${url} is not the file it was: its SHA-256 differs from the manifest's`);
  }
  renameSync(part, path);
}
