/** Who calls: one middleware before everything, and one before each endpoint that asks what the caller may. */
import { createHash } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { mayDo } from '../core/access.ts';
import { RouterError } from '../core/errors.ts';
import type { HttpAccess } from './access.ts';
import type { Endpoint } from './endpoint.ts';
import { type Identity, identityOf, setIdentity } from './identity.ts';
import { isLocal } from './only-local.ts';

/** Hashes of the keys a request carries: as OpenAI's, Anthropic's and Azure's clients send them, in this order. */
function presentedKeys(req: Request): string[] {
  const bearer = /^Bearer\s+(\S+)$/i.exec(req.get('authorization')?.trim() ?? '')?.[1];
  const keys = [bearer, req.get('x-api-key'), req.get('api-key')].filter((key) => key);
  return [...new Set(keys)].map((key) => createHash('sha256').update(`${key}`).digest('hex'));
}

function unauthorized(res: Response, message: string): RouterError {
  res.setHeader('www-authenticate', 'Bearer');
  return new RouterError('unauthorized', message);
}

const HOW = 'as `Authorization: Bearer KEY`, `x-api-key: KEY` or `api-key: KEY`';

/** Lets through what carries a live key, or need carry none; everything else gets `unauthorized`. */
export function createAuthentication(access: HttpAccess): RequestHandler {
  const { auth, keyRing, countFailure, openPaths } = access;

  async function identify(req: Request, res: Response): Promise<Identity> {
    const [first, ...others] = presentedKeys(req);
    const unknown: Identity = first === undefined ? {} : { apiKeySha256: first };
    if (auth === 'off' || openPaths.includes(req.path) || req.method === 'OPTIONS') return unknown;
    if (auth === 'local' && !(await keyRing.any())) {
      if (isLocal({ remoteAddress: req.socket.remoteAddress, headers: req.headers })) return unknown;
      throw unauthorized(
        res,
        'There is no API key yet, so this router answers programs of its own machine only. Create one (npm run keys -- create) and send it.',
      );
    }
    if (first === undefined) throw unauthorized(res, `An API key is needed, sent ${HOW}.`);
    for (const apiKeySha256 of [first, ...others]) {
      const caller = await keyRing.find(apiKeySha256);
      if (caller) return { apiKeySha256, caller };
    }
    const wait = await countFailure(req.socket.remoteAddress ?? '');
    if (wait === undefined) throw unauthorized(res, 'The API key is unknown, expired or revoked.');
    throw new RouterError('rate_limited', `Too many wrong API keys from this address; wait ${wait} s.`, {
      retryAfterSeconds: wait,
    });
  }

  return async (req, res, next) => {
    setIdentity(res, await identify(req, res));
    next();
  };
}

/** What a key must be allowed for an endpoint. What says nothing of itself is for those who may see everything. */
export function scopeOf(endpoint: Pick<Endpoint, 'scope' | 'routed'>): NonNullable<Endpoint['scope']> {
  return endpoint.scope ?? (endpoint.routed ? 'chat' : 'read');
}

/** Refuses callers whose key lacks the endpoint's scope. Where nobody is asked for a key, everybody may. */
export function createAuthorization(endpoint: Endpoint): RequestHandler {
  const scope = scopeOf(endpoint);
  return (_req, res, next) => {
    const { caller } = identityOf(res);
    if (caller && scope !== 'any' && !mayDo(caller, scope)) {
      throw new RouterError(
        'forbidden',
        `This endpoint needs a key of scope ${scope}; this key has ${caller.scopes.join(', ')}.`,
      );
    }
    next();
  };
}

/** The label of a caller that may see what was decided for itself only; undefined where it may see everything. */
export function ownOnly(res: Response): string | undefined {
  const { caller } = identityOf(res);
  return caller && !mayDo(caller, 'read') ? caller.key : undefined;
}

/** True where the caller may see a decision that was made for the key with this label. */
export function maySee(res: Response, label: string | undefined): boolean {
  const own = ownOnly(res);
  return own === undefined || own === label;
}
