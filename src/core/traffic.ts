/** How requests are counted by their shape: of logged traffic and of training rows alike, so that the two compare. */

/** Requests by their shape. Pure data; a count is never negative. */
export interface TrafficShape {
  /** Requests by the length of their prompt: the power of two below its tokens, as text. */
  readonly lengths: Readonly<Record<string, number>>;
  /** Requests by their facts (turns, tools, images and so on), where texts are kept as words. */
  readonly facts: Readonly<Record<string, number>>;
  /** Requests by the bucket of one of their tokens, see tokenBucket; where texts are kept as words. */
  readonly tokens: Readonly<Record<string, number>>;
}

/** The rows a bundle was trained on. Bundles from before tokens were counted lack these. */
export interface TrainedShape extends Omit<TrafficShape, 'tokens'> {
  readonly tokens?: TrafficShape['tokens'] | undefined;
}

/** Lower bounds of the length buckets, tokens, longest first; what is longer counts with the first, what is shorter as `0`. */
export const LENGTH_BOUNDS: readonly number[] = Array.from({ length: 21 }, (_, index) => 2 ** (20 - index));

/** The bucket of a prompt of so many tokens. */
export function lengthBucket(tokens: number): string {
  return String(LENGTH_BOUNDS.find((bound) => tokens >= bound) ?? 0);
}

/** The fact tokens that a feature text opens with; null where no words were kept. */
export function factsBucket(text: string): string | null {
  if (text === '' || text.startsWith('<|ids:')) return null;
  return /^(?:<\|[a-z]+(?::\d+)?\|> ?)*/.exec(text)?.[0].trim() ?? '';
}

/** Words, numbers and signs; scripts that write no spaces count by the character. */
const TOKEN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}]+|\p{N}+|[^\s\p{L}\p{M}\p{N}]/gu;
const TOKEN_BUCKETS = 64;
/** Characters of a text among which its token is drawn. */
const READ = 4_000;

/** FNV-1a, finished as murmur3 does, so that neighbouring values spread; 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * The bucket, 0 to 63 as text, of one token of what is asked, drawn by the text itself. One a request, so that requests
 * are independent draws and the index of a window follows its known distribution. Null where no words were kept.
 */
export function tokenBucket(text: string): string | null {
  const facts = factsBucket(text);
  if (facts === null) return null;
  const asked = text.slice(facts.length).trimStart().slice(0, READ).toLowerCase();
  const tokens = asked.match(TOKEN);
  const drawn = tokens?.[hashOf(asked) % tokens.length];
  return drawn === undefined ? null : String(hashOf(drawn) % TOKEN_BUCKETS);
}
