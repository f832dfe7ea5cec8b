import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Response } from 'express';
import { lossOf } from '../core/answer-losses.ts';
import type { ChatEvent, ChatRequest, DialectId, StreamFrame } from '../core/chat.ts';
import type { Clock, Dialect } from '../core/ports.ts';

/** Comments that name what is lost of an answer's events, each name once: the header that lists it is gone by then. */
function createLossComments(): (events: readonly ChatEvent[]) => string {
  const told = new Set<string>();
  return (events) => {
    const lines: string[] = [];
    for (const name of events.map(lossOf)) {
      if (name === undefined || told.has(name)) continue;
      told.add(name);
      lines.push(`: x-router-dropped: ${name.replace(/[^\w.-]/g, '_')}\n\n`);
    }
    return lines.join('');
  };
}

/** The text to send for one frame: as it came where the dialects match, translated elsewhere. */
function translator(
  client: Dialect,
  from: DialectId,
  request: ChatRequest,
  clock: Clock,
): (frame: StreamFrame) => string {
  if (from === client.id) {
    let lastFrame = '';
    return ({ raw, events }) => {
      const failure = raw === '' ? events.find((event) => event.type === 'error') : undefined;
      if (failure) return client.encodeStreamError(failure.error, lastFrame);
      if (raw !== '') lastFrame = raw;
      return raw;
    };
  }
  const encoder = client.streamEncoder({
    createdAt: Math.floor(clock.now() / 1_000),
    includeUsage: request.includeUsage ?? false,
    request,
  });
  const losses = createLossComments();
  return ({ events }) => losses(events) + events.map((event) => encoder.encode(event)).join('');
}

export interface StreamAnswer {
  readonly client: Dialect;
  readonly from: DialectId;
  readonly request: ChatRequest;
  readonly frames: AsyncIterable<StreamFrame>;
  readonly clock: Clock;
}

/** A client that reads nothing for so long holds a place upstream for no use. */
const CLIENT_STALL_MS = 120_000;

/** Waits until the client has read; resolves to false where it went away or reads no more. */
async function drained(res: Response, gone: Promise<void>): Promise<boolean> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    return await Promise.race([
      once(res, 'drain', { signal }).then(() => true),
      gone.then(() => false),
      setTimeout(CLIENT_STALL_MS, false, { signal }),
    ]);
  } catch {
    return false;
  } finally {
    waiting.abort();
  }
}

/**
 * Writes a stream of server-sent events, waiting for the client where it reads slower than the upstream writes. Reads
 * the frames to their end even after the one that is the client's last.
 */
export async function sendStream(res: Response, answer: StreamAnswer): Promise<void> {
  res.status(200);
  res.setHeader('content-type', 'text/event-stream; charset=utf-8');
  res.setHeader('cache-control', 'no-cache');
  res.setHeader('x-accel-buffering', 'no');
  res.flushHeaders();
  const text = translator(answer.client, answer.from, answer.request, answer.clock);
  const gone = new Promise<void>((resolve) => res.once('close', () => resolve()));
  for await (const frame of answer.frames) {
    if (frame.last) res.end();
    else if (res.destroyed) break;
    const chunk = text(frame);
    if (chunk !== '' && !res.write(chunk) && !(await drained(res, gone))) {
      res.destroy();
      break;
    }
  }
  res.end();
}
