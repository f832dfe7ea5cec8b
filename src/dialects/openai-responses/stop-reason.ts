import type { StopReason } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, ownValue } from '../../core/json.ts';

/** What an answer held besides its status. */
export interface AnswerKinds {
  readonly hasToolCalls: boolean;
  readonly hasRefusal: boolean;
}

const INCOMPLETE: Readonly<Record<string, StopReason>> = {
  max_output_tokens: 'length',
  max_tokens: 'length',
  content_filter: 'content_filter',
};

/** Statuses of an answer that its provider is still working on. */
const PENDING: ReadonlySet<string> = new Set(['queued', 'in_progress']);

export function isPending(status: unknown): boolean {
  return typeof status === 'string' && PENDING.has(status);
}

/** True where the provider gave the answer up. */
export function isFailed(status: unknown): boolean {
  return status === 'failed' || status === 'cancelled';
}

/** The canonical reason of a response object. An answer cut short for a reason nobody here knows is too long. */
export function decodeStopReason(response: JsonObject, kinds: AnswerKinds): StopReason {
  if (isPending(response.status)) return 'pause';
  if (response.status === 'incomplete') {
    const details = isJsonObject(response.incomplete_details) ? response.incomplete_details : {};
    return ownValue(INCOMPLETE, String(details.reason ?? '')) ?? 'length';
  }
  if (kinds.hasToolCalls) return 'tool_calls';
  return kinds.hasRefusal ? 'refusal' : 'stop';
}

/** `status` and `incomplete_details` of an answer that has ended. */
export interface EncodedStatus {
  readonly status: 'completed' | 'incomplete';
  readonly incomplete_details: { readonly reason: string } | null;
}

/** A refusal that its own content part tells of is a complete answer. */
export function encodeStopReason(reason: StopReason, hasRefusal: boolean): EncodedStatus {
  if (reason === 'length') {
    return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
  }
  if (reason === 'content_filter' || (reason === 'refusal' && !hasRefusal)) {
    return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } };
  }
  return { status: 'completed', incomplete_details: null };
}
