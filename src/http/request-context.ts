import type { Request, Response } from 'express';
import type { Clock } from '../core/ports.ts';
import type { RequestContext } from '../routing/context.ts';
import { identityOf } from './identity.ts';

/** What the use case may know of an HTTP request; its signal aborts when the client's socket closes early. */
export function contextOf(req: Request, res: Response, clock: Clock): RequestContext {
  const abort = new AbortController();
  res.on('close', () => {
    if (!res.writableFinished) abort.abort();
  });
  const headers = Object.entries(req.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return {
    path: req.path,
    headers: Object.fromEntries(headers),
    ...identityOf(res),
    signal: abort.signal,
    arrived: clock.monotonic(),
  };
}
