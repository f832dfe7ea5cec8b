import type { Message, Part } from '../../core/chat.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Losses } from '../losses.ts';
import { isText, joinText } from '../text.ts';
import { encodeImage } from './content-parts.ts';

function refusePart(part: Part, losses: Losses): never {
  return losses.refuse(`A ${part.type === 'opaque' ? part.kind : part.type} part`, 'messages');
}

function inputPart(part: Part, losses: Losses): JsonObject {
  if (part.type === 'text') return { type: 'input_text', text: part.text };
  if (part.type === 'image') return encodeImage(part);
  if (part.type === 'opaque' && part.dialect === 'openai-responses') return part.raw;
  return refusePart(part, losses);
}

function inputMessage(message: Message, losses: Losses): JsonObject {
  const content = message.content.map((part) => inputPart(part, losses));
  return { role: message.role === 'system' ? 'developer' : message.role, content };
}

/** A turn of the assistant: what it said as messages, what it called as items, in the order they came. */
function assistantItems(message: Message, losses: Losses): JsonObject[] {
  const items: JsonObject[] = [];
  let said: JsonObject[] = [];
  const endMessage = (): void => {
    if (said.length > 0) items.push({ role: 'assistant', content: said });
    said = [];
  };
  for (const part of message.content) {
    if (part.type === 'text') said.push({ type: 'output_text', text: part.text });
    else if (part.type === 'refusal') said.push({ type: 'refusal', refusal: part.text });
    else if (part.type === 'tool_call') {
      endMessage();
      const { id, name, arguments: text } = part;
      items.push({ type: 'function_call', call_id: id, name, arguments: text });
    } else losses.drop(part.type === 'opaque' ? part.kind : part.type);
  }
  endMessage();
  return items;
}

function outputOf(content: readonly Part[], losses: Losses): JsonValue {
  const [only] = content;
  if (only === undefined) return '';
  if (content.length === 1 && only.type === 'text') return only.text;
  return content.map((part) => inputPart(part, losses));
}

function resultItem(part: Part, losses: Losses): JsonObject {
  if (part.type !== 'tool_result') return refusePart(part, losses);
  if (part.isError) losses.drop('isError');
  return {
    type: 'function_call_output',
    call_id: part.callId,
    output: outputOf(part.content, losses),
  };
}

function itemsOf(message: Message, losses: Losses): JsonObject[] {
  if (message.name !== undefined) losses.drop('name');
  if (message.role === 'assistant') return assistantItems(message, losses);
  if (message.role === 'tool') return message.content.map((part) => resultItem(part, losses));
  return [inputMessage(message, losses)];
}

/**
 * `instructions` and `input` for the wire. The system prompt at the front is the instructions, unless nothing would
 * be left to answer; later ones stay in their places.
 */
export function encodeInput(
  messages: readonly Message[],
  losses: Losses,
): { readonly instructions?: string; readonly input: JsonValue[] } {
  const turn = messages.findIndex((message) => message.role !== 'system');
  const head = messages.slice(0, Math.max(0, turn)).flatMap((message) => message.content);
  const isPlain = head.length > 0 && head.every(isText);
  const rest = isPlain ? messages.slice(turn) : messages;
  const input = rest.flatMap((message) => itemsOf(message, losses));
  return isPlain ? { instructions: joinText(head), input } : { input };
}
