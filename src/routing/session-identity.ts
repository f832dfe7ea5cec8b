/** Which conversation a request continues, and how much of it was sent before. */
import { createHash } from 'node:crypto';
import type { ChatRequest, Message } from '../core/chat.ts';
import { keyLabel, type RequestContext, sessionOf } from './context.ts';

/** A conversation as one request shows it. */
export interface Thread {
  /**
   * The same for every request of the conversation and for no other: made of the caller, the session or end user it
   * names, the system prompt and the first message. Clients that name nothing are so known by how they begin.
   */
  readonly key: string;
  /** The session that the caller names, apart from those of other callers. */
  readonly session?: string;
  /**
   * For each piece of the prompt in the order of the cache (tools and system prompt, then each message) the hash of
   * all up to it, as 8 hex digits.
   */
  readonly chain: string;
  /** Characters up to and with each piece. */
  readonly sizes: readonly number[];
}

/** Digits of a link of the chain. Two prompts that share one by chance cost a wrong estimate, nothing else. */
export const LINK = 8;

/** A line, inside a JSON text, that one client changes with each request and that no cache is keyed by. */
const BILLING = /x-anthropic-billing-header:(?:[^"\\]|\\[^n])*/g;

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What a provider's cache compares: all but the thinking, which providers leave out of earlier turns. */
function pieceOf({ role, content }: Message): string {
  return JSON.stringify([role, content.filter(({ type }) => type !== 'thinking')]).replace(BILLING, '');
}

function extra(request: ChatRequest, name: string): string {
  const value = request.raw[name];
  return typeof value === 'string' ? value : '';
}

/** The conversation that the request continues. Pure. */
export function threadOf(request: ChatRequest, context: RequestContext): Thread {
  const system = request.messages.filter(({ role }) => role === 'system').map(pieceOf);
  const turns = request.messages.filter(({ role }) => role !== 'system').map(pieceOf);
  const caller = keyLabel(context) ?? '';
  const named = sessionOf(request, context);
  const head = request.tools.length === 0 ? '' : JSON.stringify(request.tools);
  const pieces = [head + system.join(''), ...turns];
  const who = [
    caller,
    named,
    request.user,
    extra(request, 'safety_identifier'),
    extra(request, 'prompt_cache_key'),
  ];
  let link = '';
  let size = 0;
  const links: string[] = [];
  const sizes: number[] = [];
  for (const piece of pieces) {
    link = hash(link + piece).slice(0, LINK);
    links.push(link);
    size += piece.length;
    sizes.push(size);
  }
  return {
    key: hash(JSON.stringify([who, system, turns[0]])).slice(0, 32),
    ...(named === undefined ? {} : { session: `${caller} ${named}` }),
    chain: links.join(''),
    sizes,
  };
}

/** Characters at the beginning of the thread that an earlier prompt, by its chain, began with too. */
export function sharedCharacters(thread: Thread, chain: string): number {
  const link = (of: string, at: number): string => of.slice(at * LINK, (at + 1) * LINK);
  const most = Math.min(thread.chain.length, chain.length) / LINK;
  let same = 0;
  while (same < most && link(thread.chain, same) === link(chain, same)) same++;
  return thread.sizes[same - 1] ?? 0;
}
