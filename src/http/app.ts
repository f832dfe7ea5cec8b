import express, { type Express } from 'express';
import { RouterError } from '../core/errors.ts';
import type { HttpDeps } from './deps.ts';
import { ENDPOINTS } from './endpoint-table.ts';
import { createErrorHandler } from './errors.ts';
import { buildOpenApi } from './openapi.ts';

/** Path of the generated document. */
export const OPENAPI_PATH = '/openapi.json';

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
  const known = new Set(ENDPOINTS.map((endpoint) => endpoint.path));
  app.use((req) => {
    if (known.has(req.path)) {
      throw new RouterError('method_not_allowed', `${req.method} is not available on ${req.path}.`);
    }
    throw new RouterError(
      'not_found',
      `There is no ${req.path.slice(0, 200)}; ${OPENAPI_PATH} lists what there is.`,
    );
  });
  app.use(createErrorHandler(deps.dialects, deps.logger));
  return app;
}
