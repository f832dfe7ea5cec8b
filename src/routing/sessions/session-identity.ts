/** Which conversation a request continues, and how much of it was sent before. */
import { createHash } from 'node:crypto';
import type { ChatRequest, Message } from '../../core/chat.ts';
import { keyLabel, type RequestContext, sessionOf } from '../context.ts';

/** A conversation as one request shows it. */
export interface Thread {
  /**
   * The same for every request of the conversation and for no other: made of the caller, the session or end user it
   * names, the tools, the system prompt and the first message. Clients that name nothing are so known by how they begin.
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

/** Digits of a key. */
const KEY = 32;
/** Digits of a link of the chain. Two prompts that share one by chance cost a wrong estimate, nothing else. */
const LINK = 8;

/** A line of a system prompt that one client changes with each request and that no cache is keyed by. */
const BILLING = /^x-anthropic-billing-header:.*$/gm;

/** The texts by which a provider's cache tells messages apart: no thinking, which providers leave out of earlier turns. */
function textsOf({ role, content }: Message): string[] {
  const texts = content.flatMap((part) => {
    if (part.type === 'thinking') return [];
    if (part.type !== 'text') return [JSON.stringify(part)];
    return [role === 'system' ? part.text.replace(BILLING, '') : part.text];
  });
  return [role, ...texts];
}

/** Hashes pieces of a prompt, each with all that came before it. */
function createChain() {
  const links: string[] = [];
  const sizes: number[] = [];
  let link = '';
  let size = 0;
  return {
    add(texts: readonly string[]): void {
      const hash = createHash('sha256').update(link);
      for (const text of texts) {
        hash.update(`${text.length}:`).update(text);
        size += text.length;
      }
      link = hash.digest('hex');
      links.push(link);
      sizes.push(size);
    },
    links,
    sizes,
  };
}

function extra(request: ChatRequest, name: string): string {
  const value = request.raw[name];
  return typeof value === 'string' ? value : '';
}

/** The conversation that the request continues. Pure. */
export function threadOf(request: ChatRequest, context: RequestContext): Thread {
  const { messages, tools, user = '' } = request;
  const caller = keyLabel(context) ?? '';
  const named = sessionOf(request, context);
  const chain = createChain();
  const system = messages.filter(({ role }) => role === 'system').flatMap(textsOf);
  chain.add(tools.length === 0 ? system : [JSON.stringify(tools), ...system]);
  for (const message of messages) if (message.role !== 'system') chain.add(textsOf(message));
  const says = [extra(request, 'safety_identifier'), extra(request, 'prompt_cache_key')];
  const who = JSON.stringify([caller, named, user, ...says]);
  const opening = chain.links[1] ?? chain.links[0] ?? '';
  return {
    key: createHash('sha256').update(who).update(opening).digest('hex').slice(0, KEY),
    ...(named === undefined ? {} : { session: `${caller} ${named}` }),
    chain: chain.links.map((link) => link.slice(0, LINK)).join(''),
    sizes: chain.sizes,
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
