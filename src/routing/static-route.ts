import type { ChatRequest } from '../core/chat.ts';
import type { Tier } from '../core/tier.ts';
import type { RequestContext } from './context.ts';

/** A row of the static table. Everything named in `match` must match. */
export interface StaticRoute {
  readonly name: string;
  readonly match: {
    /** A trailing `*` matches any rest. */
    readonly path?: string | undefined;
    /** Names in any case, values exact. */
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly metadata?: Readonly<Record<string, string>> | undefined;
    readonly api_key_sha256?: string | undefined;
  };
  readonly tier?: Tier | undefined;
  /** Model id; set instead of `tier`. */
  readonly model?: string | undefined;
  readonly max_output_tokens?: number | undefined;
  readonly validators: readonly string[];
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

/** The first route whose every condition holds. */
export function matchRoute(
  routes: readonly StaticRoute[],
  request: ChatRequest,
  context: RequestContext,
): StaticRoute | undefined {
  return routes.find(({ match }) => {
    if (match.path !== undefined && !pathMatches(match.path, context.path)) return false;
    if (match.api_key_sha256 !== undefined && match.api_key_sha256 !== context.apiKeySha256) return false;
    if (match.headers && !allEqual(match.headers, (name) => context.headers[name.toLowerCase()]))
      return false;
    return !match.metadata || allEqual(match.metadata, (name) => metadataOf(request, name));
  });
}
