import type { ChatEvent } from '../../src/core/chat.ts';
import type { Dialect, EncodeContext } from '../../src/core/ports.ts';
import { parseSseFrame } from '../../src/core/sse.ts';

export const CONTEXT: EncodeContext = { createdAt: 1_700_000_000, includeUsage: true };

/** All events that a decoder makes of these data texts, the end of the stream included. */
export function decodeAll(dialect: Dialect, data: readonly (string | object)[]): ChatEvent[] {
  const decoder = dialect.streamDecoder();
  const events = data.flatMap((item) =>
    decoder.push({ data: typeof item === 'string' ? item : JSON.stringify(item) }),
  );
  return [...events, ...decoder.end()];
}

/** The text that an encoder makes of these events. */
export function encodeAll(dialect: Dialect, events: readonly ChatEvent[], context = CONTEXT): string {
  const encoder = dialect.streamEncoder(context);
  return events.map((event) => encoder.encode(event)).join('');
}

/** The data of each event in the text of a stream: parsed, or as it stands where it is not JSON. */
export function dataOf(text: string): unknown[] {
  return text
    .split('\n\n')
    .filter((frame) => frame !== '')
    .map((frame) => parseSseFrame(frame).data)
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)));
}

/** How many `finish` and `error` events there are, and whether the last event is one. */
export function endings(events: readonly ChatEvent[]): { count: number; isLast: boolean } {
  const isEnd = (event: ChatEvent | undefined): boolean =>
    event?.type === 'finish' || event?.type === 'error';
  return { count: events.filter(isEnd).length, isLast: isEnd(events.at(-1)) };
}

/** The whole text of one kind of event. */
export function textOf(events: readonly ChatEvent[], type: 'text' | 'thinking'): string {
  return events.map((event) => (event.type === type ? event.text : '')).join('');
}
