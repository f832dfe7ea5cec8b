/** Server-sent events: splitting a byte stream into events while keeping the text of each as it came. */

export interface SseFrame {
  /** The text of one event as it came, blank line included. All frames together are the whole stream. */
  readonly raw: string;
  readonly event?: string;
  /** The `data` lines joined by line feeds; empty where the frame carries none (comments, keep-alives). */
  readonly data: string;
}

/** Reads the fields of one event; `raw` is kept as it is. */
export function parseSseFrame(raw: string): SseFrame {
  let event: string | undefined;
  const data: string[] = [];
  for (const line of raw.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
  }
  return { raw, data: data.join('\n'), ...(event === undefined ? {} : { event }) };
}

interface Splitter {
  /** The events completed by `text`, in order. */
  push(text: string): string[];
  /** What is left when the stream is over: no event, or several where it ended on a lone `\r`. */
  end(): string[];
}

/** Cuts text after each blank line. Lines end in `\n`, `\r\n` or `\r`; a last `\r` waits for a possible `\n`. */
function createSplitter(): Splitter {
  let buffer = '';
  let scanned = 0;
  let lineIsEmpty = true;

  function next(complete: boolean): string | undefined {
    for (; scanned < buffer.length; scanned += 1) {
      const char = buffer[scanned];
      if (char !== '\n' && char !== '\r') {
        lineIsEmpty = false;
        continue;
      }
      if (char === '\r' && scanned + 1 === buffer.length && !complete) return undefined;
      if (char === '\r' && buffer[scanned + 1] === '\n') scanned += 1;
      if (lineIsEmpty) {
        const raw = buffer.slice(0, scanned + 1);
        buffer = buffer.slice(scanned + 1);
        scanned = 0;
        return raw;
      }
      lineIsEmpty = true;
    }
    return undefined;
  }

  function drain(complete: boolean): string[] {
    const events: string[] = [];
    for (let raw = next(complete); raw !== undefined; raw = next(complete)) events.push(raw);
    return events;
  }

  return {
    push(text) {
      buffer += text;
      return drain(false);
    },
    end() {
      const events = drain(true);
      return buffer === '' ? events : [...events, buffer];
    },
  };
}

/**
 * Splits a byte stream into server-sent events, whatever its chunk borders and line ends. Invalid UTF-8 becomes
 * U+FFFD, and a last event whose blank line never came is yielded as it stands; all other text is kept exactly.
 * Rejects when `bytes` rejects; stopping early returns `bytes`.
 */
export async function* readSseFrames(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<SseFrame, void, void> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const splitter = createSplitter();
  for await (const chunk of bytes) {
    for (const raw of splitter.push(decoder.decode(chunk, { stream: true }))) yield parseSseFrame(raw);
  }
  for (const raw of [...splitter.push(decoder.decode()), ...splitter.end()]) yield parseSseFrame(raw);
}
