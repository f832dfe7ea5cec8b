/** Which requests may be answered from the cache, and when two of them are the same. */
import { createHash } from 'node:crypto';
import type { ChatRequest, Part } from '../../core/chat.ts';
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import { keyLabel, type RequestContext } from '../context.ts';

/** How the answer is sent is no part of what is asked. */
const OF_THE_TRANSPORT = new Set(['stream', 'stream_options']);
/** The body goes on from something that the provider keeps, and which is another thing tomorrow. */
const STATEFUL = ['previous_response_id', 'conversation', 'background'];
/** Headers that name the conversation, which the body holds whole. */
const SESSION_HEADERS = new Set(['x-router-session']);

/** What the client says of caches, RFC 9111: `no-store` neither reads nor keeps, `no-cache` asks anew and keeps. */
export function cacheWishes(context: RequestContext): { readonly read: boolean; readonly keep: boolean } {
  const wishes = (context.headers['cache-control'] ?? '').toLowerCase().split(/\s*,\s*/);
  const keep = !wishes.includes('no-store');
  return { keep, read: keep && !wishes.includes('no-cache') && !wishes.includes('max-age=0') };
}

/** It means the same tomorrow: no address whose content may change, nothing that only its own dialect can read. */
function isStable(part: Part): boolean {
  if (part.type === 'image') return part.data !== undefined;
  if (part.type === 'tool_result') return part.content.every(isStable);
  return part.type !== 'opaque';
}

/** True where the same request can be expected to mean the same answer. */
export function isCacheable(request: ChatRequest, onlyTemperatureZero: boolean): boolean {
  if (onlyTemperatureZero && request.temperature !== 0) return false;
  if (STATEFUL.some((name) => request.raw[name] !== undefined && request.raw[name] !== false)) return false;
  if (request.tools.some(({ type }) => type === 'builtin')) return false;
  return request.messages.every(({ content }) => content.every(isStable));
}

/** The value with the names of objects in order, so that their order in the body makes no difference. */
function canonical(value: JsonValue | undefined): JsonValue {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isJsonObject(value)) return value ?? null;
  const names = Object.keys(value).sort();
  return names.map((name) => [name, canonical(value[name])]);
}

/**
 * The hash of all that the answer depends on: who asks and what the key may, the endpoint, the body, and the headers
 * that routing looks at (`x-router-*` and `routeHeaders`, names in lower case).
 */
export function cacheKey(
  request: ChatRequest,
  context: RequestContext,
  routeHeaders: ReadonlySet<string>,
): string {
  const body = Object.entries(request.raw).filter(([name]) => !OF_THE_TRANSPORT.has(name));
  const headers = Object.entries(context.headers).filter(
    ([name]) => !SESSION_HEADERS.has(name) && (name.startsWith('x-router-') || routeHeaders.has(name)),
  );
  const { caller } = context;
  const asked: JsonValue = [
    caller?.key ?? keyLabel(context) ?? null,
    [...(caller?.models ?? ['*'])],
    [...(caller?.tiers ?? ['*'])],
    context.path,
    request.dialect,
    canonical(Object.fromEntries(body)),
    canonical({ ...request.formatHeaders }),
    canonical(Object.fromEntries(headers)),
  ];
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}
