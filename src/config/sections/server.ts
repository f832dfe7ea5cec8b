import { z } from 'zod';
import { milliseconds } from './shared.ts';

export const server = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on. `HOST` overrides it.'),
    port: z.int().min(0).max(65_535).default(8787).describe('Port to listen on. `PORT` overrides it.'),
    body_limit_mb: z.number().positive().max(1024).default(25).describe('Largest request body, in MiB.'),
    max_json_depth: z.int().min(8).max(1_000).default(100).describe('Deepest nesting of a request body.'),
    max_json_values: z
      .int()
      .min(1_000)
      .default(100_000)
      .describe('Most objects, lists and list or object entries in a request body.'),
    headers_timeout_ms: milliseconds
      .default(15_000)
      .describe("Most that a request's headers may take to arrive."),
    request_timeout_ms: milliseconds
      .default(120_000)
      .describe('Most that a whole request may take to arrive.'),
    max_connections: z
      .int()
      .min(1)
      .optional()
      .describe('Connections at once; more are closed. Absent: no limit.'),
    cors_origins: z
      .array(z.string().regex(/^https?:\/\/[^/\s]+$/, 'must be an origin, e.g. https://app.example.org'))
      .default([])
      .describe('Web origins whose pages may call it from a browser. Empty: no page of another origin may.'),
    drain_timeout_ms: milliseconds
      .default(30_000)
      .describe('On SIGTERM, how long requests in flight may still take.'),
  })
  .describe('The HTTP server.');

export const admin = z
  .strictObject({
    remote: z
      .boolean()
      .default(false)
      .describe('Answer `/v1/admin/` to other machines too, for keys of scope `admin`.'),
  })
  .describe('The endpoints of the operator.');
