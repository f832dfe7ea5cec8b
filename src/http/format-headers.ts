import type { ChatRequest, DialectId } from '../core/chat.ts';
import type { RequestContext } from '../routing/context.ts';

/** Headers that say how a body of the format is to be read. No key is among them. */
const FORMAT_HEADERS: Readonly<Record<DialectId, readonly string[]>> = {
  'openai-chat': [],
  'openai-responses': [],
  'anthropic-messages': ['anthropic-beta', 'anthropic-version'],
};

/** Longer values are nobody's, and what is not printable ASCII no header of a format. */
const FORMAT_VALUE = /^[\x20-\x7e]{1,2000}$/;

/** The headers of a request that its format gives a meaning, for an upstream that speaks the same. */
export function formatHeadersOf(
  dialect: DialectId,
  sent: RequestContext['headers'],
): Pick<ChatRequest, 'formatHeaders'> {
  const known = FORMAT_HEADERS[dialect].flatMap((name) => {
    const value = sent[name] ?? '';
    return FORMAT_VALUE.test(value) ? [[name, value] as const] : [];
  });
  return known.length === 0 ? {} : { formatHeaders: Object.fromEntries(known) };
}
