import express, { type Express, type RequestHandler } from 'express';
import { RouterError } from '../core/errors.ts';
import type { HttpDeps } from './deps.ts';
import { ENDPOINTS, NOT_OFFERED } from './endpoint-table.ts';
import { createErrorHandler } from './errors.ts';
import { buildOpenApi } from './openapi.ts';

/** Path of the generated document. */
export const OPENAPI_PATH = '/openapi.json';

const ALLOWED = { get: 'GET, HEAD', post: 'POST' } as const;

/** True for the paths that an Express path stands for. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}/?$`, 'i');
}

/** What no endpoint took: another method on a path there is (RFC 9110, 15.5.6), or no such path. */
function createUnmatched(): RequestHandler {
  const paths = [...ENDPOINTS, { path: OPENAPI_PATH, method: 'get' as const }].map(({ path, method }) => ({
    pattern: patternOf(path),
    allowed: ALLOWED[method],
  }));
  const refused = NOT_OFFERED.map(({ path, says }) => ({ pattern: patternOf(path), says }));
  return (req, res) => {
    const path = req.path.slice(0, 200);
    const known = paths.find(({ pattern }) => pattern.test(path));
    const unoffered = refused.find(({ pattern }) => pattern.test(path));
    if (unoffered) throw new RouterError('not_found', unoffered.says);
    if (!known) {
      throw new RouterError('not_found', `There is no ${path}; ${OPENAPI_PATH} lists what there is.`);
    }
    res.setHeader('allow', known.allowed);
    throw new RouterError(
      'method_not_allowed',
      `${req.method} is not available on ${path}; allowed: ${known.allowed}.`,
    );
  };
}

/** The Express app. It never listens. */
export function createApp(deps: HttpDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const parser = express.json({ limit: deps.bodyLimitBytes, strict: false });
  for (const endpoint of ENDPOINTS) {
    const handler = endpoint.handler(deps);
    if (endpoint.method === 'post') app.post(endpoint.path, parser, handler);
    else app.get(endpoint.path, handler);
  }
  const document = buildOpenApi(ENDPOINTS, deps.version);
  app.get(OPENAPI_PATH, (_req, res) => {
    res.json(document);
  });
  app.use(createUnmatched());
  app.use(createErrorHandler(deps.dialects, deps.logger));
  return app;
}
