/** Ids of answers and items that come from another dialect: no provider knows them. */

/** Stands in every id that is ours. */
const MARK = 'router_';
/** The format allows 64 characters in an id; the rest is for its prefix and number. */
const KEPT = 40;

const RESPONSE_PREFIX = `resp_${MARK}`;

/** What tells one answer from another in the ids of its items. */
function seedOf(upstreamId: string, createdAt: number): string {
  const seed = upstreamId.replace(/^(?:chatcmpl-|msg_|resp_)/, '').replace(/[^a-zA-Z0-9_-]/g, '_');
  return seed === '' ? String(createdAt) : seed.slice(-KEPT);
}

/** The id under which an answer of another dialect is told. */
export function responseId(upstreamId: string, createdAt: number): string {
  return `${RESPONSE_PREFIX}${seedOf(upstreamId, createdAt)}`;
}

const PREFIXES = {
  message: `msg_${MARK}`,
  reasoning: `rs_${MARK}`,
  function_call: `fc_${MARK}`,
} as const;
export type ItemType = keyof typeof PREFIXES;

/** The id of the nth output item of an answer of another dialect. */
export function itemId(type: ItemType, responseId: string, index: number): string {
  const seed = responseId.startsWith(RESPONSE_PREFIX) ? responseId.slice(RESPONSE_PREFIX.length) : responseId;
  return `${PREFIXES[type]}${seed}_${index}`;
}

/** True for an answer that was translated here, so that no provider has stored it. */
export function isOurResponse(id: string): boolean {
  return id.startsWith(RESPONSE_PREFIX);
}

/** True for an item that was translated here, which a provider would look for in vain. */
export function isOurItem(id: unknown): boolean {
  return typeof id === 'string' && Object.values(PREFIXES).some((prefix) => id.startsWith(prefix));
}
