/** How requests are counted by their shape: of logged traffic and of training rows alike, so that the two compare. */

/** Requests by their shape. Pure data; a count is never negative. */
export interface TrafficShape {
  /** Requests by the length of their prompt: the power of two below its tokens, as text. */
  readonly lengths: Readonly<Record<string, number>>;
  /** Requests by their facts (turns, tools, images and so on), where texts are kept as words. */
  readonly facts: Readonly<Record<string, number>>;
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
