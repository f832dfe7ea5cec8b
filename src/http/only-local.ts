/** There is no authentication yet, so the operator's endpoints answer programs of the same machine only. */
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import { RouterError } from '../core/errors.ts';

const LOOPBACK = /^(?:(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/;
const LOCAL_NAME = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
/** A proxy on this machine speaks for somebody who may not be on it. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip'];

export interface Caller {
  readonly remoteAddress: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * True for a request made on this machine by a program: from a loopback socket, to a loopback name (so that no foreign
 * host name was pointed here), not forwarded by a proxy and not sent by another site's page in a browser.
 */
export function isLocal({ remoteAddress, headers }: Caller): boolean {
  if (!LOOPBACK.test(remoteAddress ?? '') || !LOCAL_NAME.test(headers.host ?? '')) return false;
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false;
  return headers.origin === undefined || headers.origin === `http://${headers.host}`;
}

/** The handler, for callers on this machine only; others get `forbidden`. */
export function onlyLocal(handler: RequestHandler): RequestHandler {
  return (req, res, next) => {
    if (isLocal({ remoteAddress: req.socket.remoteAddress, headers: req.headers })) {
      return handler(req, res, next);
    }
    throw new RouterError(
      'forbidden',
      'This endpoint answers on the machine itself only; the configuration can open it (admin.remote).',
    );
  };
}
