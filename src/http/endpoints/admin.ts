/** What the operator asks of the service. */
import type { RequestHandler } from 'express';
import type { HttpDeps } from '../deps.ts';
import { toWire } from '../wire.ts';

/** `POST /v1/admin/reload`: 200 with the bundle that serves now, 422 where the new one was refused. */
export function createReload(deps: HttpDeps): RequestHandler {
  return async (_req, res) => {
    const report = await deps.reload();
    res.status(report.status === 'loaded' ? 200 : 422).json(toWire(report));
  };
}
