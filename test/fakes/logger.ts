import type { Logger } from '../../src/core/ports.ts';

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface FakeLogger extends Logger {
  readonly entries: readonly LogEntry[];
}

/** A logger that keeps what it is told. */
export function createFakeLogger(): FakeLogger {
  const entries: LogEntry[] = [];
  const at =
    (level: LogEntry['level']): Logger['info'] =>
    (fields, message) => {
      entries.push({ level, fields, message });
    };
  return { entries, info: at('info'), warn: at('warn'), error: at('error') };
}
