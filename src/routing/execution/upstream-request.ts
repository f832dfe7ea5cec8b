import { withoutRouterMetadata } from '../policy/bounds-input.ts';
import type { Execute } from './execute.ts';

/** Execution without the metadata that speaks to the router only: no upstream sees it. */
export function hidingRouterMetadata(execute: Execute): Execute {
  return (plan, request, ...rest) => execute(plan, withoutRouterMetadata(request), ...rest);
}
