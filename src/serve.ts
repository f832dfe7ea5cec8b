/** Listening, and stopping without losing a request. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Router } from './compose.ts';

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  /** How long requests in flight may still take once stopping has begun. */
  readonly drainTimeoutMs: number;
  /** Most that a request's headers, and the whole of it, may take to arrive; then 408. */
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** Connections beyond it are closed; absent: no limit. */
  readonly maxConnections?: number;
}

export interface Serving {
  /** `http://127.0.0.1:8787`. */
  readonly url: string;
  /** Takes no new connection, waits for the requests in flight, then closes the router. Idempotent. */
  stop(): Promise<void>;
}

/** While draining, how often connections whose last answer has gone out are closed. */
const IDLE_CHECK_MS = 50;

/** How often connections are looked at whose request is late. */
const LATE_CHECK_MS = 1_000;

/** A server that nobody can keep busy by sending slowly. */
function createBoundedServer(app: Router['app'], options: ServeOptions): Server {
  const { headersTimeoutMs = 15_000, requestTimeoutMs = 120_000, maxConnections } = options;
  const server = createServer(
    {
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: LATE_CHECK_MS,
      keepAliveTimeout: 65_000,
    },
    app,
  );
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  return server;
}

function listen(server: Server, options: ServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Serves the router's app. Rejects where the address cannot be taken. */
export async function serve(router: Router, options: ServeOptions): Promise<Serving> {
  const server = createBoundedServer(router.app, options);
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;

  const stop = async (): Promise<void> => {
    router.drain();
    server.prependListener('request', (_req, res) => res.setHeader('connection', 'close'));
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
    const deadline = setTimeout(() => server.closeAllConnections(), options.drainTimeoutMs);
    await closed;
    clearInterval(idle);
    clearTimeout(deadline);
    await router.close();
  };
  let stopping: Promise<void> | undefined;
  return {
    url: `http://${host}:${port}`,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
