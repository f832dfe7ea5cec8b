/** One place turns an error into a status and a body in the caller's dialect. */
import type { ErrorRequestHandler, Request } from 'express';
import type { DialectId } from '../core/chat.ts';
import { asRouterError, ERROR_CODES, RouterError } from '../core/errors.ts';
import type { Dialect, Logger } from '../core/ports.ts';
import { JSON_BOUNDS_ERROR } from './json-guard.ts';

/** Errors of the body parser, which knows nothing of ours; those of a broken compression have a status only. */
function fromBodyParser(error: unknown): RouterError | undefined {
  if (!(error instanceof Error) || error instanceof RouterError) return undefined;
  switch ('type' in error ? error.type : undefined) {
    case 'entity.too.large':
      return new RouterError(
        'body_too_large',
        'The body exceeds the configured limit (server.body_limit_mb).',
      );
    case JSON_BOUNDS_ERROR:
      return new RouterError('body_too_large', error.message);
    case 'entity.parse.failed':
      return new RouterError('invalid_request', 'The body is not valid JSON.');
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new RouterError(
        'invalid_request',
        'The content encoding or charset of the body is not supported.',
      );
    case 'request.aborted':
    case 'request.size.invalid':
      return new RouterError('client_closed', 'The body did not arrive whole.');
    default:
      return 'status' in error && error.status === 400
        ? new RouterError('invalid_request', 'The body cannot be read.')
        : undefined;
  }
}

/** A wait for which a client may try again by itself, seconds. */
const SOON_S = 10;

function dialectOf(req: Request): DialectId {
  if (req.path.startsWith('/v1/messages')) return 'anthropic-messages';
  return req.path.startsWith('/v1/responses') ? 'openai-responses' : 'openai-chat';
}

function malformedUrl(error: unknown): RouterError | undefined {
  return error instanceof URIError ? new RouterError('invalid_request', 'The URL is not valid.') : undefined;
}

export function createErrorHandler(
  dialects: Readonly<Record<DialectId, Dialect>>,
  logger: Logger,
): ErrorRequestHandler {
  return (thrown, req, res, _next) => {
    const error = fromBodyParser(thrown) ?? malformedUrl(thrown) ?? asRouterError(thrown);
    const { level } = ERROR_CODES[error.code];
    if (level === 'error') {
      const cause = error.cause instanceof Error ? error.cause.stack : undefined;
      logger.error({ code: error.code, path: req.path, cause }, error.message);
    }
    if (res.headersSent || res.destroyed) {
      res.destroy();
      return;
    }
    if (error.retryAfterSeconds !== undefined)
      res.setHeader('retry-after', Math.ceil(error.retryAfterSeconds));
    // Official clients try again on 429 and soon, which a spent budget does not forgive; one set aside may be free then.
    if (error.code === 'budget_exceeded' && (error.retryAfterSeconds ?? 0) > SOON_S)
      res.setHeader('x-should-retry', 'false');
    res.status(error.status).json(dialects[dialectOf(req)].encodeError(error));
  };
}
