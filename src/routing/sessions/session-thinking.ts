/**
 * Takes thinking that another model signed out of a request. A provider refuses such thinking ("invalid signature in
 * thinking block"), and it is of no use to any other model.
 *
 * The request stays valid: with a thinking budget (`thinking: {type: enabled}`) Anthropic wants the last call of tools
 * to begin with thinking. Where that is what goes, this one answer is asked for without thinking, which needs all
 * thinking blocks gone. Adaptive thinking has no such rule.
 */
import type { ChatRequest, DialectId, Message } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { signatureOf } from './session-signatures.ts';
import { type Body, stripChat } from './session-signed-chat.ts';

export interface Stripped {
  readonly request: ChatRequest;
  /** What was taken out, as paths of the caller's body: `messages[3].thinking`. */
  readonly dropped: readonly string[];
}

/** True for a signature that the answering model made. */
export type IsOwn = (signature: string) => boolean;

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function isThinking(block: JsonValue): block is JsonObject {
  return isJsonObject(block) && (block.type === 'thinking' || block.type === 'redacted_thinking');
}

function isForeign(block: JsonValue, isOwn: IsOwn): boolean {
  if (!isThinking(block)) return false;
  const signature = text(block.type === 'thinking' ? block.signature : block.data);
  return signature !== '' && !isOwn(signature);
}

interface Edited {
  readonly messages: readonly JsonValue[];
  readonly dropped: readonly string[];
}

/** The messages without the blocks; one that held nothing else goes whole. */
function withoutBlocks(messages: readonly JsonValue[], goes: (block: JsonValue) => boolean): Edited {
  const dropped: string[] = [];
  const kept = messages.flatMap((message, index): JsonValue[] => {
    if (!isJsonObject(message) || !Array.isArray(message.content) || !message.content.some(goes))
      return [message];
    dropped.push(`messages[${index}].thinking`);
    const content = message.content.filter((block) => !goes(block));
    return content.length > 0 ? [{ ...message, content }] : [];
  });
  return { messages: kept, dropped };
}

/** The blocks of the last call of tools whose results the request brings; undefined where it brings none. */
function openCall(messages: readonly JsonValue[]): JsonValue[] | undefined {
  const at = messages.findLastIndex((message) => isJsonObject(message) && message.role === 'assistant');
  const call = messages[at];
  const after = messages[at + 1];
  if (!isJsonObject(call) || !Array.isArray(call.content) || after === undefined) return undefined;
  const calls = call.content.some((block) => isJsonObject(block) && block.type === 'tool_use');
  return calls ? call.content : undefined;
}

function thinksByBudget(body: JsonObject): boolean {
  return isJsonObject(body.thinking) && body.thinking.type === 'enabled';
}

/** The rest of `context_management` where thinking, which one of its edits clears, is off. */
function withoutClearing(body: JsonObject): JsonObject {
  const { context_management: management, ...rest } = body;
  if (!isJsonObject(management) || !Array.isArray(management.edits)) return body;
  const edits = management.edits.filter(
    (edit) => !(isJsonObject(edit) && text(edit.type).startsWith('clear_thinking')),
  );
  return edits.length > 0 ? { ...rest, context_management: { ...management, edits } } : rest;
}

function stripAnthropic(body: JsonObject, isOwn: IsOwn): Body {
  if (!Array.isArray(body.messages)) return { body, dropped: [] };
  const { messages, dropped } = withoutBlocks(body.messages, (block) => isForeign(block, isOwn));
  if (dropped.length === 0) return { body, dropped };
  const [first] = openCall(messages) ?? [];
  if (!thinksByBudget(body) || first === undefined || isThinking(first)) {
    return { body: { ...body, messages: [...messages] }, dropped };
  }
  const without = withoutBlocks(body.messages, isThinking);
  const { thinking: _, ...rest } = withoutClearing(body);
  return { body: { ...rest, messages: [...without.messages] }, dropped: [...without.dropped, 'thinking'] };
}

function withoutId(item: JsonObject): JsonObject {
  const { id: _, ...rest } = item;
  return rest;
}

/** Reasoning items go; what followed them loses the id by which its provider would miss them. */
function stripResponses(body: JsonObject, isOwn: IsOwn): Body {
  if (!Array.isArray(body.input)) return { body, dropped: [] };
  const dropped: string[] = [];
  let orphaned = false;
  const input = body.input.flatMap((item, index): JsonValue[] => {
    if (!isJsonObject(item)) return [item];
    if (item.type === 'reasoning') {
      const encrypted = text(item.encrypted_content);
      orphaned = encrypted !== '' && !isOwn(encrypted);
      if (orphaned) dropped.push(`input[${index}].reasoning`);
      return orphaned ? [] : [item];
    }
    if (item.role === 'user') orphaned = false;
    return orphaned && item.type !== 'item_reference' ? [withoutId(item)] : [item];
  });
  return dropped.length === 0 ? { body, dropped } : { body: { ...body, input }, dropped };
}

const STRIP: Readonly<Record<DialectId, (body: JsonObject, isOwn: IsOwn) => Body>> = {
  'openai-chat': stripChat,
  'openai-responses': stripResponses,
  'anthropic-messages': stripAnthropic,
};

function stripMessages(messages: readonly Message[], isOwn: IsOwn): readonly Message[] {
  return messages.map((message) => {
    const content = message.content.filter((part) => {
      const signature = signatureOf(part);
      return signature === undefined || isOwn(signature);
    });
    return content.length === message.content.length ? message : { ...message, content };
  });
}

/** The request as it may be sent to a model; the very same object where nothing has to go. */
export function withoutForeignThinking(request: ChatRequest, isOwn: IsOwn): Stripped {
  const signatures = request.messages.flatMap(({ content }) =>
    content.flatMap((part) => signatureOf(part) ?? []),
  );
  if (signatures.every(isOwn)) return { request, dropped: [] };
  const { body, dropped } = STRIP[request.dialect](request.raw, isOwn);
  const messages = stripMessages(request.messages, isOwn);
  return { request: { ...request, raw: body, messages }, dropped };
}
