import type { ChatRequest } from '../../core/chat.ts';
import type { CommitMode } from '../../core/routing.ts';
import type { Tier } from '../../core/tier.ts';
import type { RequestContext } from '../context.ts';
import type { BoundSettings } from './bounds-input.ts';
import type { Rollout } from './rollout.ts';

/** A row of the static table. Everything named in `match` must match. */
export interface StaticRoute extends BoundSettings {
  readonly name: string;
  readonly match: {
    /** A trailing `*` matches any rest. */
    readonly path?: string | undefined;
    /** Names in any case, values exact. */
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly metadata?: Readonly<Record<string, string>> | undefined;
    /** Any of these types of task; see `taskOf`. */
    readonly task?: string | readonly string[] | undefined;
    readonly api_key_sha256?: string | undefined;
  };
  readonly tier?: Tier | undefined;
  /** Model id; set instead of `tier`. */
  readonly model?: string | undefined;
  readonly max_output_tokens?: number | undefined;
  /** Assumed in its cost estimates. */
  readonly expected_output_tokens?: number | undefined;
  /** In place of the policy's. */
  readonly rollout?: Rollout | undefined;
  /** False: the safety floor does not look at its requests. */
  readonly safety_floor?: boolean | undefined;
  /** Absent: those of every request. */
  readonly validators?: readonly string[] | undefined;
  /** When its streams are sent on; absent: as configured for all. */
  readonly commit?: CommitMode | undefined;
}

function pathMatches(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

function allEqual(
  wanted: Readonly<Record<string, string>>,
  read: (name: string) => string | undefined,
): boolean {
  return Object.entries(wanted).every(([name, value]) => read(name) === value);
}

/** A metadata value; Anthropic's only one, `user_id`, is the canonical `user`. */
function metadataOf(request: ChatRequest, name: string): string | undefined {
  return request.metadata[name] ?? (name === 'user_id' ? request.user : undefined);
}

const TASK_METADATA = ['router_task', 'task', 'task_type'];

/** What kind of work the caller says it is: the header `x-router-task`, else the metadata. Lower case. */
function taskOf(request: ChatRequest, context: RequestContext): string | undefined {
  const named = context.headers['x-router-task'];
  const task = named ?? TASK_METADATA.map((name) => request.metadata[name]).find((value) => value);
  return task?.trim().toLowerCase();
}

/** The first route whose every condition holds. */
export function matchRoute(
  routes: readonly StaticRoute[],
  request: ChatRequest,
  context: RequestContext,
): StaticRoute | undefined {
  const task = taskOf(request, context);
  return routes.find(({ match }) => {
    if (match.task !== undefined && ![match.task].flat().some((each) => each.toLowerCase() === task))
      return false;
    if (match.path !== undefined && !pathMatches(match.path, context.path)) return false;
    if (match.api_key_sha256 !== undefined && match.api_key_sha256 !== context.apiKeySha256) return false;
    if (match.headers && !allEqual(match.headers, (name) => context.headers[name.toLowerCase()]))
      return false;
    return !match.metadata || allEqual(match.metadata, (name) => metadataOf(request, name));
  });
}
