import { z } from 'zod';
import { milliseconds } from './shared.ts';

export const server = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on. `HOST` overrides it.'),
    port: z.int().min(0).max(65_535).default(8787).describe('Port to listen on. `PORT` overrides it.'),
    body_limit_mb: z.number().positive().max(1024).default(25).describe('Largest request body, in MiB.'),
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
      .describe('Answer `/v1/admin/` to other machines too. Only behind something that checks who asks.'),
  })
  .describe('The endpoints of the operator.');
