import { once } from 'node:events';
import type { Response } from 'express';
import type { ChatRequest, DialectId, StreamFrame } from '../core/chat.ts';
import type { Clock, Dialect } from '../core/ports.ts';

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
      lastFrame = raw;
      return raw;
    };
  }
  const encoder = client.streamEncoder({
    createdAt: Math.floor(clock.now() / 1_000),
    includeUsage: request.includeUsage ?? false,
    request,
  });
  return ({ events }) => events.map((event) => encoder.encode(event)).join('');
}

export interface StreamAnswer {
  readonly client: Dialect;
  readonly from: DialectId;
  readonly request: ChatRequest;
  readonly frames: AsyncIterable<StreamFrame>;
  readonly clock: Clock;
}

/** Writes a stream of server-sent events, waiting for the client where it reads slower than the upstream writes. */
export async function sendStream(res: Response, answer: StreamAnswer): Promise<void> {
  res.status(200);
  res.setHeader('content-type', 'text/event-stream; charset=utf-8');
  res.setHeader('cache-control', 'no-cache');
  res.setHeader('x-accel-buffering', 'no');
  res.flushHeaders();
  const text = translator(answer.client, answer.from, answer.request, answer.clock);
  const gone = new Promise<void>((resolve) => res.once('close', () => resolve()));
  for await (const frame of answer.frames) {
    if (res.destroyed) break;
    const chunk = text(frame);
    if (chunk !== '' && !res.write(chunk)) await Promise.race([once(res, 'drain'), gone]);
  }
  res.end();
}
