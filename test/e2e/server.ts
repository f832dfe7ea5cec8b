import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '..', '..');

export interface RunningServer {
  readonly url: string;
  readonly process: ChildProcess;
  /** SQLite file, readable after the server is gone. */
  readonly storePath: string;
  /** What it printed until it listened. */
  readonly banner: string;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface ServerOptions {
  /** Configuration as it would stand in the file. */
  readonly config?: unknown;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the real command in a process of its own, on a free port, with an empty store. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'llm-router-'));
  const storePath = join(folder, 'router.db');
  const configPath = join(folder, 'config.yaml');
  writeFileSync(configPath, JSON.stringify(options.config ?? {}));
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', '--config', configPath], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, PORT: '0', ROUTER_STORE: storePath, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const lines: string[] = [];
  const url = await new Promise<string>((found, failed) => {
    child.once('exit', (code) =>
      failed(new Error(`the server exited with ${code}: ${errors}${lines.join('\n')}`)),
    );
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const match = /on (http:\/\/\S+)/.exec(lines.join('\n'));
      if (match?.[1] && line.startsWith('  complex:')) found(match[1]);
    });
  });
  return {
    url,
    process: child,
    storePath,
    banner: lines.join('\n'),
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}
