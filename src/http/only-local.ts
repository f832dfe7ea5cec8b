/** Who is on this machine, and who the operator is. */
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import { mayDo } from '../core/access.ts';
import { RouterError } from '../core/errors.ts';
import { identityOf } from './identity.ts';

const LOOPBACK = /^(?:(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/;
const LOCAL_NAME = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
/** A proxy on this machine speaks for somebody who may not be on it. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip'];

export interface Origin {
  readonly remoteAddress: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * True for a request made on this machine by a program: from a loopback socket, to a loopback name (so that no foreign
 * host name was pointed here), not forwarded by a proxy and not sent by another site's page in a browser.
 */
export function isLocal({ remoteAddress, headers }: Origin): boolean {
  if (!LOOPBACK.test(remoteAddress ?? '') || !LOCAL_NAME.test(headers.host ?? '')) return false;
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false;
  return headers.origin === undefined || headers.origin === `http://${headers.host}`;
}

/**
 * The handler, for the operator: for a key of scope `admin`, and where the router asks for no keys for programs of this
 * machine. Without `remote` both must be on this machine. Others get `forbidden`.
 */
export function onlyOperator(handler: RequestHandler, remote: boolean): RequestHandler {
  return (req, res, next) => {
    const { caller } = identityOf(res);
    const local = isLocal({ remoteAddress: req.socket.remoteAddress, headers: req.headers });
    if (local || (remote && caller && mayDo(caller, 'admin'))) return handler(req, res, next);
    throw new RouterError(
      'forbidden',
      'This endpoint answers on the machine itself only; the configuration can open it to keys of scope admin (admin.remote).',
    );
  };
}
