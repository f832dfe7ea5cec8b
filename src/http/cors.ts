import type { RequestHandler } from 'express';
import { ROUTER_HEADERS } from './router-headers.ts';

const METHODS = 'GET, POST, DELETE';
const HEADER_LIST = /^[\w\-, ]{1,2000}$/;
/** What a page may read of an answer besides its body. */
const EXPOSED = [
  'retry-after',
  ...['limit', 'remaining', 'reset'].flatMap((what) => [
    `x-ratelimit-${what}-requests`,
    `x-ratelimit-${what}-tokens`,
  ]),
  ...Object.keys(ROUTER_HEADERS),
].join(', ');
/** Seconds a browser keeps the answer to its question. */
const MAX_AGE = '600';

/** Lets pages of the named origins call from a browser; pages of others get no CORS header and are so kept out. */
export function createCors(origins: readonly string[]): RequestHandler {
  return (req, res, next) => {
    const { origin } = req.headers;
    res.vary('Origin');
    if (origin === undefined || !origins.includes(origin)) {
      next();
      return;
    }
    res.setHeader('access-control-allow-origin', origin);
    res.setHeader('access-control-expose-headers', EXPOSED);
    if (req.method !== 'OPTIONS' || req.get('access-control-request-method') === undefined) {
      next();
      return;
    }
    const asked = req.get('access-control-request-headers') ?? '';
    res.setHeader('access-control-allow-methods', METHODS);
    if (HEADER_LIST.test(asked)) res.setHeader('access-control-allow-headers', asked);
    res.setHeader('access-control-max-age', MAX_AGE);
    res.status(204).end();
  };
}
