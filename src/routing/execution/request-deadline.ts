import { RouterError } from '../../core/errors.ts';

/** A signal that aborts after so many milliseconds with `upstream_timeout`, unless it is cleared before. */
export function createRequestDeadline(ms: number): {
  readonly signal: AbortSignal;
  readonly clear: () => void;
} {
  const controller = new AbortController();
  const passed = (): void =>
    controller.abort(
      new RouterError('upstream_timeout', 'No answer was complete before the deadline of the request.'),
    );
  const timer = setTimeout(passed, ms);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
