/** `npm start [-- --config FILE]`: configuration, composition, listening, a new classifier bundle on SIGHUP, draining on SIGTERM. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { pino } from 'pino';
import { composeRouter } from './compose.ts';
import { ConfigError, loadConfig } from './config/load.ts';
import type { Logger } from './core/ports.ts';
import { serve } from './serve.ts';
import { systemClock } from './surroundings.ts';

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

function createLogger(): Logger {
  const log = pino({ base: null });
  return {
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
  };
}

async function main(): Promise<void> {
  const version = packageVersion();
  const { config: path } = new Command('llm-router')
    .description('Answers each LLM request with the cheapest model that is good enough.')
    .option(
      '--config <file>',
      'configuration file (default: $ROUTER_CONFIG, else router.config.yaml if it is there)',
    )
    .version(version)
    .parse()
    .opts<{ config?: string }>();
  const config = loadConfig({ env: process.env, ...(path === undefined ? {} : { path }) });
  const logger = createLogger();
  const router = await composeRouter(config, { clock: systemClock, logger, random: Math.random, version });
  const { host, port, max_connections: maxConnections } = config.server;
  const serving = await serve(router, {
    host,
    port,
    drainTimeoutMs: config.server.drain_timeout_ms,
    headersTimeoutMs: config.server.headers_timeout_ms,
    requestTimeoutMs: config.server.request_timeout_ms,
    ...(maxConnections === undefined ? {} : { maxConnections }),
  });
  process.stdout.write(
    `${['', `llm-router ${version} on ${serving.url}`, ...router.summary].join('\n  ')}\n\n`,
  );
  const stop = (signal: string): void => {
    logger.info({ signal }, 'draining');
    serving.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGHUP', () => {
    router.reload();
  });
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
}

/** What a person who starts the server can do about it; a stack trace only where nobody can. */
function reasonOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const isListening = 'syscall' in error && error.syscall === 'listen';
  return isListening
    ? `${error.message}. Set PORT and HOST to an address that is free.`
    : (error.stack ?? error.message);
}

main().catch((error: unknown) => {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exit(1);
});
