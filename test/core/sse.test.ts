import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSseFrame, readSseFrames, type SseFrame } from '../../src/core/sse.ts';

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function framesOf(text: string, sizes: readonly number[] = [1]): Promise<SseFrame[]> {
  const frames: SseFrame[] = [];
  for await (const frame of readSseFrames(chunksOf(new TextEncoder().encode(text), sizes)))
    frames.push(frame);
  return frames;
}

describe('parseSseFrame', () => {
  it.each<[string, Omit<SseFrame, 'raw'>]>([
    ['data: one\n\n', { data: 'one' }],
    ['data:one\r\ndata:  two\r\n\r\n', { data: 'one\n two' }],
    ['event: ping\ndata: {}\n\n', { event: 'ping', data: '{}' }],
    [': keep-alive\n\n', { data: '' }],
    ['id: 7\nretry: 5\ndata\n\n', { data: '' }],
    ['\uFEFFdata: a\r\r', { data: 'a' }],
    ['data: a:b: c\n\n', { data: 'a:b: c' }],
  ])('reads %j', (raw, fields) => {
    expect(parseSseFrame(raw)).toEqual({ raw, ...fields });
  });
});

describe('readSseFrames', () => {
  it('cuts after blank lines of every kind and keeps the last event that lacks one', async () => {
    const text = 'data: a\r\n\r\n: note\n\nevent: x\rdata: b\r\rdata: c';
    expect((await framesOf(text)).map((frame) => frame.raw)).toEqual([
      'data: a\r\n\r\n',
      ': note\n\n',
      'event: x\rdata: b\r\r',
      'data: c',
    ]);
  });

  it('yields nothing for an empty stream', async () => {
    expect(await framesOf('')).toEqual([]);
  });

  it('keeps a byte order mark and characters of several bytes in the raw text', async () => {
    const text = '\uFEFFdata: größer 🦜\n\n';
    expect(await framesOf(text)).toEqual([{ raw: text, data: 'größer 🦜' }]);
  });

  it('gives the same frames for any chunking, and all raw texts together are the stream', async () => {
    const piece = fc.constantFrom(
      'data: ',
      'event: ',
      ':',
      'é',
      '🦜',
      'x',
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      '\r\n\r\n',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        async (pieces, sizes) => {
          const text = pieces.join('');
          const frames = await framesOf(text, sizes);
          expect(frames.map((frame) => frame.raw).join('')).toBe(text);
          expect(frames).toEqual(await framesOf(text, [1_000]));
        },
      ),
    );
  });

  it('rejects when the bytes reject', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode('data: a\n\n');
      throw new Error('cut');
    }
    const seen: string[] = [];
    const reading = (async () => {
      for await (const frame of readSseFrames(broken())) seen.push(frame.data);
    })();
    await expect(reading).rejects.toThrow('cut');
    expect(seen).toEqual(['a']);
  });

  it('returns the bytes when the reader stops', async () => {
    let returned = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield new TextEncoder().encode('data: a\n\n');
      } finally {
        returned = true;
      }
    }
    for await (const _ of readSseFrames(endless())) break;
    expect(returned).toBe(true);
  });
});
