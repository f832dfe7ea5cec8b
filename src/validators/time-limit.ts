import { createContext, Script } from 'node:vm';

/** Runs synchronous work and gives its result; throws TooSlow where it takes longer than `ms`, and what the work throws. */
export type TimeLimit = <T>(work: () => T, ms: number) => T;

export class TooSlow extends Error {}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

/** Ends work that would hold up the server: a pattern that backtracks, a schema made to be slow. */
export function createTimeLimit(): TimeLimit {
  const context = createContext({ work: undefined });
  const script = new Script('work()');
  return <T>(work: () => T, ms: number): T => {
    context.work = work;
    try {
      return script.runInContext(context, { timeout: ms }) as T;
    } catch (error) {
      throw isTimeout(error) ? new TooSlow(`it took longer than ${ms} ms`) : error;
    } finally {
      context.work = undefined;
    }
  };
}
