import type { RequestHandler } from 'express';

const METHODS = 'GET, POST, DELETE';
const HEADER_LIST = /^[\w\-, ]{1,2000}$/;
/** What a page may read of an answer besides its body. */
const EXPOSED = [
  'retry-after',
  'x-ratelimit-limit-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
  'x-router-cache',
  'x-router-cost-usd',
  'x-router-decision-id',
  'x-router-model',
  'x-router-tier',
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
