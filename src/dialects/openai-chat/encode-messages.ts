import type { ImagePart, Message, Part } from '../../core/chat.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Losses } from '../losses.ts';
import { isText, joinText } from '../text.ts';
import { present } from '../validate.ts';
import { encodeImage } from './content-parts.ts';

/** What a tool message says when its result was nothing but images, which follow in a user message. */
const IMAGES_FOLLOW = 'The result is attached as an image in the next message.';

function userContent(parts: readonly Part[], losses: Losses): JsonValue {
  const encoded = parts.flatMap((part): JsonObject[] => {
    if (part.type === 'text') return [{ type: 'text', text: part.text }];
    if (part.type === 'image') return [encodeImage(part)];
    if (part.type === 'opaque' && part.dialect === 'openai-chat') return [part.raw];
    return losses.refuse(`A ${part.type === 'opaque' ? part.kind : part.type} part`, 'messages');
  });
  return parts.every(isText) ? joinText(parts) : encoded;
}

function assistantMessage(message: Message, losses: Losses): JsonObject[] {
  const toolCalls: JsonObject[] = [];
  for (const part of message.content) {
    if (part.type === 'tool_call') {
      const { id, name, arguments: text } = part;
      toolCalls.push({ id, type: 'function', function: { name, arguments: text } });
    } else if (part.type !== 'text' && part.type !== 'refusal') {
      losses.drop(part.type === 'opaque' ? part.kind : part.type);
    }
  }
  const text = joinText(message.content);
  const refusal = message.content.find((part) => part.type === 'refusal')?.text;
  if (text === '' && refusal === undefined && toolCalls.length === 0) return [];
  return [
    {
      role: 'assistant',
      content: text === '' ? null : text,
      ...present({
        refusal,
        name: message.name,
        tool_calls: toolCalls.length > 0 ? toolCalls : undefined,
      }),
    },
  ];
}

function toolMessages(message: Message, losses: Losses): { messages: JsonObject[]; images: ImagePart[] } {
  const images: ImagePart[] = [];
  const messages = message.content.map((part): JsonObject => {
    if (part.type !== 'tool_result') {
      return losses.refuse(`A ${part.type === 'opaque' ? part.kind : part.type} part`, 'messages');
    }
    if (part.isError) losses.drop('isError');
    const pictures = part.content.filter((item) => item.type === 'image');
    images.push(...pictures);
    const text = joinText(part.content);
    const content = text === '' && pictures.length > 0 ? IMAGES_FOLLOW : text;
    return { role: 'tool', tool_call_id: part.callId, content };
  });
  return { messages, images };
}

/** Messages for the wire. Images in tool results move to a user message after the results they came with. */
export function encodeMessages(messages: readonly Message[], losses: Losses): JsonValue[] {
  const encoded: JsonObject[] = [];
  let images: ImagePart[] = [];
  const flushImages = (): void => {
    if (images.length > 0) encoded.push({ role: 'user', content: images.map(encodeImage) });
    images = [];
  };
  for (const message of messages) {
    if (message.role === 'tool') {
      const results = toolMessages(message, losses);
      encoded.push(...results.messages);
      images.push(...results.images);
      continue;
    }
    flushImages();
    if (message.role === 'assistant') encoded.push(...assistantMessage(message, losses));
    else {
      const content = userContent(message.content, losses);
      encoded.push({ role: message.role, content, ...present({ name: message.name }) });
    }
  }
  flushImages();
  return encoded;
}
