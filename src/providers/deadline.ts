/** A deadline of one call that can be moved, and forgotten once the call is over. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** From now on so many milliseconds. */
  set(ms: number): void;
  clear(): void;
}

export function createDeadline(ms: number): Deadline {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const clear = (): void => clearTimeout(timer);
  const set = (wait: number): void => {
    clear();
    timer = setTimeout(() => controller.abort(), wait);
  };
  set(ms);
  return { signal: controller.signal, set, clear };
}
