/** The shape of the rows a bundle was trained on, with which its traffic is compared. */
import { factsBucket, lengthBucket, type TrafficShape, tokenBucket } from '../core/traffic.ts';
import { inputTokensOf } from '../routing/requirements.ts';
import type { Example } from './examples.ts';

/**
 * Tokens as the server estimates them for the same request. Logged rows bring the server's own figure; of the tools of
 * others only the number is known, and their definitions count nothing.
 */
function tokensOf({ messages, facts, inputTokens }: Example): number {
  if (inputTokens !== undefined) return inputTokens;
  const images = Array.from({ length: facts?.images ?? 0 }, () => ({ type: 'image' as const, url: '' }));
  const plain = messages.map(({ role, content }, at) => ({
    role,
    content: [{ type: 'text' as const, text: content }, ...(at === messages.length - 1 ? images : [])],
  }));
  return inputTokensOf({ messages: plain, tools: [] });
}

function countBy(values: readonly (string | null)[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Counts the rows once each, whatever their weight. */
export function baselineOf(examples: readonly Example[]): TrafficShape {
  return {
    lengths: countBy(examples.map((row) => lengthBucket(tokensOf(row)))),
    facts: countBy(examples.map(({ text }) => factsBucket(text))),
    tokens: countBy(examples.map(({ text }) => tokenBucket(text))),
  };
}
