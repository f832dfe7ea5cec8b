import { describe, expect, it } from 'vitest';
import { RouterError } from '../../src/core/errors.ts';
import { limited, readAll, readError } from '../../src/providers/read-body.ts';

const tooLarge = (): RouterError => new RouterError('upstream_malformed', 'too large');

async function* bytes(...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield Buffer.alloc(size, 'x');
}

describe('a body', () => {
  it('is read as text, without a byte order mark', async () => {
    const marked = (async function* () {
      yield Buffer.from('\uFEFF{"a":');
      yield Buffer.from('"é"}');
    })();
    expect(await readAll(marked, 100, tooLarge)).toBe('{"a":"é"}');
  });

  it('is read up to its bound and no further', async () => {
    expect(await readAll(bytes(5, 5), 10, tooLarge)).toHaveLength(10);
    await expect(readAll(bytes(5, 6), 10, tooLarge)).rejects.toThrow('too large');
  });

  it('of an error is cut off, whatever its length', async () => {
    let given = 0;
    const endless = (async function* () {
      for (;;) {
        given += 1;
        yield Buffer.alloc(10_000, 'x');
      }
    })();
    expect(await readError(endless)).toMatch(/^x+$/);
    expect(given).toBe(7);
  });
});

describe('the bytes of a stream', () => {
  it('are bounded from one event to the next', async () => {
    const source = limited(bytes(6, 6, 6, 6), 10, tooLarge);
    let read = 0;
    for await (const chunk of source) {
      read += chunk.length;
      source.reset();
    }
    expect(read).toBe(24);
    const unending = async (): Promise<void> => {
      for await (const _ of limited(bytes(6, 6), 10, tooLarge));
    };
    await expect(unending()).rejects.toThrow('too large');
  });
});
