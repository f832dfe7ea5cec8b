import type { RequestHandler } from 'express';
import type { z } from 'zod';
import type { KeyScope } from '../core/access.ts';
import type { HttpDeps } from './deps.ts';

export interface Endpoint {
  readonly method: 'get' | 'post' | 'delete';
  /** Express path. */
  readonly path: string;
  /** One line for people. */
  readonly summary: string;
  readonly body?: z.ZodType;
  readonly query?: z.ZodObject;
  readonly response: z.ZodType;
  /** Content type of the answer where it is not JSON. */
  readonly produces?: string;
  /** It answers with a decision and so carries the `x-router-*` headers. */
  readonly routed?: boolean;
  /** It decides without answering, and so reads the `x-router-*` headers of requests only. */
  readonly bounded?: boolean;
  /** What a key must be allowed; `any`: every key. Default: `chat` where it is routed, else `read`. */
  readonly scope?: KeyScope | 'any';
  /** It may answer with server-sent events. */
  readonly streams?: boolean;
  readonly handler: (deps: HttpDeps) => RequestHandler;
}
