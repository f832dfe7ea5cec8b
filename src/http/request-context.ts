import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Clock } from '../core/ports.ts';
import type { RequestContext } from '../routing/context.ts';

function apiKeyOf(req: Request): string | undefined {
  const bearer = /^Bearer\s+(\S+)/i.exec(req.get('authorization') ?? '')?.[1];
  return bearer ?? req.get('x-api-key') ?? undefined;
}

/** What the use case may know of an HTTP request; its signal aborts when the client's socket closes early. */
export function contextOf(req: Request, res: Response, clock: Clock): RequestContext {
  const abort = new AbortController();
  res.on('close', () => {
    if (!res.writableFinished) abort.abort();
  });
  const key = apiKeyOf(req);
  const headers = Object.entries(req.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return {
    path: req.path,
    headers: Object.fromEntries(headers),
    ...(key === undefined ? {} : { apiKeySha256: createHash('sha256').update(key).digest('hex') }),
    signal: abort.signal,
    arrived: clock.monotonic(),
  };
}
