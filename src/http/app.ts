import express, { type Express, type RequestHandler } from 'express';
import { RouterError } from '../core/errors.ts';
import { createAuthentication, createAuthorization, scopeOf } from './auth.ts';
import { createCors } from './cors.ts';
import type { HttpDeps } from './deps.ts';
import type { Endpoint } from './endpoint.ts';
import { ENDPOINTS, NOT_OFFERED } from './endpoint-table.ts';
import { createErrorHandler } from './errors.ts';
import { createJsonCheck } from './json-guard.ts';
import { buildOpenApi } from './openapi.ts';
import { createRateLimit } from './rate-limit.ts';

/** Path of the generated document. */
export const OPENAPI_PATH = '/openapi.json';

const ALLOWED = { get: 'GET, HEAD', post: 'POST', delete: 'DELETE' } as const;

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
    const known = paths.filter(({ pattern }) => pattern.test(path));
    if (known.length === 0) {
      const unoffered = refused.find(({ pattern }) => pattern.test(path));
      const says = unoffered?.says ?? `There is no ${path}; ${OPENAPI_PATH} lists what there is.`;
      throw new RouterError('not_found', says);
    }
    const allowed = known.map((endpoint) => endpoint.allowed).join(', ');
    res.setHeader('allow', allowed);
    throw new RouterError(
      'method_not_allowed',
      `${req.method} is not available on ${path}; allowed: ${allowed}.`,
    );
  };
}

/** What stands before an endpoint's handler. */
function createGuards(deps: HttpDeps): (endpoint: Endpoint) => RequestHandler[] {
  const { access, bodyLimitBytes, clock, jsonBounds } = deps;
  const verify = createJsonCheck(jsonBounds);
  const parser = express.json({ limit: bodyLimitBytes, strict: false, verify });
  const rateLimit = createRateLimit(access.limits, clock);
  return (endpoint) => [
    createAuthorization(endpoint),
    ...(scopeOf(endpoint) === 'chat' ? [rateLimit] : []),
    ...(endpoint.method === 'post' ? [parser] : []),
  ];
}

/** The Express app. It never listens. */
export function createApp(deps: HttpDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (deps.access.corsOrigins.length > 0) app.use(createCors(deps.access.corsOrigins));
  app.use(createAuthentication(deps.access));
  const guards = createGuards(deps);
  for (const endpoint of ENDPOINTS) {
    app[endpoint.method](endpoint.path, ...guards(endpoint), endpoint.handler(deps));
  }
  const document = buildOpenApi(ENDPOINTS, deps.version);
  app.get(OPENAPI_PATH, (_req, res) => {
    res.json(document);
  });
  app.use(createUnmatched());
  app.use(createErrorHandler(deps.dialects, deps.logger));
  return app;
}
