import { z } from 'zod';
import type { Message, Part, Role, ToolResultPart } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import { jsonObject, parseAt, present } from '../validate.ts';
import { decodeContent, decodeOptionalContent } from './content-parts.ts';
import { thinkingParts } from './reasoning-details.ts';

const ROLES = ['developer', 'system', 'user', 'assistant', 'tool', 'function'] as const;

const messageList = z
  .array(z.looseObject({ role: z.enum(ROLES), content: z.unknown().optional(), name: z.string().nullish() }))
  .min(1);
/** Servers that give their calls no ids get them back so. */
const toolMessage = z.looseObject({ tool_call_id: z.string() });
const functionMessage = z.looseObject({ name: z.string().min(1) });
const functionCall = z.looseObject({
  name: z.string().min(1),
  arguments: z.union([z.string(), jsonObject], { error: 'must be a string' }),
});
const toolCalls = z.array(jsonObject);
const toolCallHead = z.looseObject({ id: z.string(), type: z.string().nullish() });
const functionToolCall = z.looseObject({ function: functionCall });
const assistantMessage = z.looseObject({
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.unknown().optional(),
  tool_calls: z.unknown().optional(),
  function_call: functionCall.nullish(),
});

/** The id that a call of the legacy `function_call` kind, which has none, gets from its message's position. */
function legacyCallId(index: number): string {
  return `call_legacy_${index}`;
}

function argumentsText(value: string | JsonObject): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** How the ids begin that calls get whose server gave them none: they stand for the message's position. */
function unnamedPrefix(message: number): string {
  return `call_unnamed_${message}_`;
}

function unnamedIds(content: readonly Part[], message: number): string[] {
  const prefix = unnamedPrefix(message);
  return content.flatMap((part) =>
    part.type === 'tool_call' && part.id.startsWith(prefix) ? [part.id] : [],
  );
}

function decodeToolCalls(value: unknown, path: string, message: number): Part[] {
  if (value === undefined || value === null) return [];
  return parseAt(toolCalls, value, path).map((call, index): Part => {
    const { id, type } = parseAt(toolCallHead, call, `${path}[${index}]`);
    if (type !== undefined && type !== null && type !== 'function') {
      return { type: 'opaque', dialect: 'openai-chat', kind: `${type}_tool_call`, raw: call };
    }
    const { name, arguments: text } = parseAt(functionToolCall, call, `${path}[${index}]`).function;
    return {
      type: 'tool_call',
      id: id || `${unnamedPrefix(message)}${index}`,
      name,
      arguments: argumentsText(text),
    };
  });
}

function decodeAssistant(message: { content?: unknown }, path: string, index: number): Part[] {
  const fields = parseAt(assistantMessage, message, path);
  const thinking = fields.reasoning_content ?? (typeof fields.reasoning === 'string' ? fields.reasoning : '');
  const parts: Part[] = thinkingParts(message as JsonObject, thinking);
  parts.push(...decodeOptionalContent(message.content, `${path}.content`));
  if (fields.refusal) parts.push({ type: 'refusal', text: fields.refusal });
  parts.push(...decodeToolCalls(fields.tool_calls, `${path}.tool_calls`, index));
  if (fields.function_call) {
    const { name, arguments: text } = fields.function_call;
    parts.push({ type: 'tool_call', id: legacyCallId(index), name, arguments: argumentsText(text) });
  }
  return parts;
}

function toolResult(callId: string, content: readonly Part[]): Part {
  const readable = content.filter((part) => part.type === 'text' || part.type === 'image');
  const result: ToolResultPart = { type: 'tool_result', callId, content: readable };
  return content.length === readable.length
    ? result
    : { type: 'opaque', dialect: 'openai-chat', kind: 'tool_result', raw: { tool_call_id: callId } };
}

/** The id of the call that a message answers; empty where its server gave none, undefined for the legacy `function` role. */
function resultId(message: { role: string }, path: string): string | undefined {
  if (message.role === 'tool') return parseAt(toolMessage, message, path).tool_call_id;
  parseAt(functionMessage, message, path);
  return undefined;
}

const CANONICAL_ROLES: Readonly<Record<(typeof ROLES)[number], Role>> = {
  developer: 'system',
  system: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};

/** The `messages` of a request, in order. Throws `invalid_request` naming the field below `messages`. */
export function decodeMessages(value: unknown): readonly Message[] {
  let lastCallId = legacyCallId(0);
  let unnamed: string[] = [];
  return parseAt(messageList, value, 'messages').map((message, index): Message => {
    const path = `messages[${index}]`;
    const role = CANONICAL_ROLES[message.role];
    if (message.role === 'assistant') {
      const content = decodeAssistant(message, path, index);
      lastCallId = message.function_call ? legacyCallId(index) : lastCallId;
      unnamed = unnamedIds(content, index);
      return { role, content, ...present({ name: message.name }) };
    }
    if (role === 'tool') {
      const sent = resultId(message, path) ?? lastCallId;
      const callId = sent === '' ? (unnamed.shift() ?? lastCallId) : sent;
      return {
        role,
        content: [toolResult(callId, decodeOptionalContent(message.content, `${path}.content`))],
      };
    }
    const content = decodeContent(message.content, `${path}.content`);
    return { role, content, ...present({ name: message.name }) };
  });
}
