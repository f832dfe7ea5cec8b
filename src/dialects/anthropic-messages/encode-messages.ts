import type { Message, Part, ToolResultPart } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Losses } from '../losses.ts';
import { parseJson } from '../parse-json.ts';
import { isText } from '../text.ts';
import { encodeImage } from './content-blocks.ts';

/** Said for the user where a conversation begins with the assistant, which the format does not allow. */
const OPENING = '(The conversation begins.)';

/** The key under which malformed tool arguments are shown to the model, since `input` must be an object. */
const INVALID_JSON = 'INVALID_JSON';

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

/** Ids of other dialects may hold characters that this one refuses. */
function toolId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, '_');
}

function textBlocks(text: string): JsonObject[] {
  return text === '' ? [] : [{ type: 'text', text }];
}

function imageBlock(part: Extract<Part, { type: 'image' }>, losses: Losses): JsonObject {
  if (part.detail !== undefined && part.detail !== 'auto') losses.drop('detail');
  return encodeImage(part);
}

function toolUse(part: Extract<Part, { type: 'tool_call' }>): JsonObject {
  const input = part.arguments.trim() === '' ? {} : parseJson(part.arguments);
  const safe = isJsonObject(input) ? input : { [INVALID_JSON]: part.arguments };
  return { type: 'tool_use', id: toolId(part.id), name: part.name, input: safe };
}

function toolResult(part: ToolResultPart, losses: Losses): JsonObject {
  const content = part.content.flatMap((item) =>
    item.type === 'text' ? textBlocks(item.text) : [imageBlock(item, losses)],
  );
  return {
    type: 'tool_result',
    tool_use_id: toolId(part.callId),
    ...(content.length > 0 ? { content } : {}),
    ...(part.isError ? { is_error: true } : {}),
  };
}

function inputBlocks(part: Part, losses: Losses): JsonObject[] {
  if (part.type === 'text') return textBlocks(part.text);
  if (part.type === 'image') return [imageBlock(part, losses)];
  if (part.type === 'tool_result') return [toolResult(part, losses)];
  return losses.refuse(`A ${part.type === 'opaque' ? part.kind : part.type} part`, 'messages');
}

function answerBlocks(part: Part, losses: Losses): JsonObject[] {
  if (part.type === 'text' || part.type === 'refusal') return textBlocks(part.text);
  if (part.type === 'tool_call') return [toolUse(part)];
  losses.drop(part.type === 'opaque' ? part.kind : part.type);
  return [];
}

/** `system` for the wire: the text of all system messages, wherever they stood. */
export function encodeSystem(messages: readonly Message[], losses: Losses): JsonValue | undefined {
  const firstTurn = messages.findIndex((message) => message.role !== 'system');
  const parts = messages.filter((message) => message.role === 'system').flatMap((message) => message.content);
  if (messages.some((message, index) => message.role === 'system' && index > firstTurn && firstTurn >= 0)) {
    losses.drop('systemPosition');
  }
  for (const part of parts) {
    if (part.type !== 'text') losses.refuse(`A ${part.type} part in a system message`, 'messages');
  }
  const blocks = parts.filter(isText).flatMap((part) => textBlocks(part.text));
  return blocks.length === 1 ? (blocks[0]?.text ?? undefined) : blocks.length > 0 ? blocks : undefined;
}

/** The format refuses an answer begun with white space at its end. */
function trimLastText(turn: Turn): void {
  const last = turn.content.at(-1);
  if (turn.role !== 'assistant' || typeof last?.text !== 'string') return;
  turn.content[turn.content.length - 1] = { ...last, text: last.text.trimEnd() };
}

/** Messages for the wire: turns of one role are merged, empty ones left out, and the user begins. */
export function encodeMessages(messages: readonly Message[], losses: Losses): JsonValue[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    if (message.role === 'system') continue;
    if (message.name !== undefined) losses.drop('name');
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const encode = role === 'assistant' ? answerBlocks : inputBlocks;
    const content = message.content.flatMap((part) => encode(part, losses));
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) turns.push({ role, content });
  }
  const last = turns.at(-1);
  if (last !== undefined) trimLastText(last);
  if (turns[0]?.role !== 'user') turns.unshift({ role: 'user', content: textBlocks(OPENING) });
  return turns.map(({ role, content }) => {
    const [only] = content;
    const isPlain = content.length === 1 && only?.type === 'text';
    return { role, content: isPlain ? (only?.text ?? '') : content };
  });
}
