/** Reading what an upstream sends without trusting its length. */
import type { RouterError } from '../core/errors.ts';

const MAX_ERROR_BYTES = 64 * 1024;

/** The body of an error answer: JSON where it is some, else its text. Cut off after 64 KiB. */
export async function readError(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ERROR_BYTES) break;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A byte stream that ends in an error once `max` bytes came since the last `reset`. */
export interface LimitedBytes extends AsyncIterable<Uint8Array> {
  reset(): void;
}

export function limited(
  body: AsyncIterable<Uint8Array>,
  max: number,
  tooLarge: () => RouterError,
): LimitedBytes {
  let size = 0;
  return {
    reset() {
      size = 0;
    },
    async *[Symbol.asyncIterator]() {
      for await (const chunk of body) {
        size += chunk.length;
        if (size > max) throw tooLarge();
        yield chunk;
      }
    },
  };
}

/** The whole body as text. Rejects with `tooLarge` beyond `max` bytes. */
export async function readAll(
  body: AsyncIterable<Uint8Array>,
  max: number,
  tooLarge: () => RouterError,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of limited(body, max, tooLarge)) chunks.push(chunk);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
}
