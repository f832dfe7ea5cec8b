import { z } from 'zod';
import type { ImagePart, Part, TextPart, ToolResultPart } from '../../core/chat.ts';
import { type JsonObject, ownValue } from '../../core/json.ts';
import { jsonObject, parseAt, present, typedObject } from '../validate.ts';

export type Block = JsonObject & { type: string };

const blockArray = z.array(typedObject, { error: 'must be a string or an array of content blocks' });
const textBlock = z.looseObject({ text: z.string() });
const thinkingBlock = z.looseObject({ thinking: z.string(), signature: z.string().nullish() });
const redactedBlock = z.looseObject({ data: z.string() });
const toolUseBlock = z.looseObject({ id: z.string().min(1), name: z.string().min(1), input: jsonObject });
const toolResultBlock = z.looseObject({
  tool_use_id: z.string().min(1),
  content: z.unknown().optional(),
  is_error: z.boolean().nullish(),
});
const imageBlock = z.looseObject({ source: typedObject });
const base64Source = z.looseObject({ media_type: z.string().min(1), data: z.string().min(1) });
const urlSource = z.looseObject({ url: z.string().min(1) });

function opaque(block: Block): Part {
  return { type: 'opaque', dialect: 'anthropic-messages', kind: block.type, raw: block };
}

function decodeImage(block: Block, path: string): Part {
  const { source } = parseAt(imageBlock, block, path);
  if (source.type === 'base64') {
    const { media_type: mediaType, data } = parseAt(base64Source, source, `${path}.source`);
    return { type: 'image', data: { mediaType, base64: data } };
  }
  if (source.type === 'url') return { type: 'image', url: parseAt(urlSource, source, `${path}.source`).url };
  return opaque(block);
}

/** A tool result; one that holds more than text and images stays opaque, since it cannot cross whole. */
function decodeToolResult(block: Block, path: string): Part {
  const { tool_use_id: callId, content, is_error: isError } = parseAt(toolResultBlock, block, path);
  const parts = decodeOptionalContent(content, `${path}.content`);
  const readable = parts.filter(
    (part): part is TextPart | ImagePart => part.type === 'text' || part.type === 'image',
  );
  if (readable.length < parts.length) return opaque(block);
  const result: ToolResultPart = { type: 'tool_result', callId, content: readable };
  return { ...result, ...present({ isError }) };
}

/** What a text refers to; the other dialects' forms of it differ, so that it stays with its own. */
export function citationsOf(block: Block): readonly Part[] {
  const { citations } = block;
  if (block.type !== 'text' || !Array.isArray(citations) || citations.length === 0) return [];
  return [{ type: 'opaque', dialect: 'anthropic-messages', kind: 'citations', raw: { citations } }];
}

/** One content block. Blocks of unknown types stay opaque. Throws `invalid_request` naming the field below `path`. */
export function decodeBlock(block: Block, path: string): Part {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: parseAt(textBlock, block, path).text };
    case 'image':
      return decodeImage(block, path);
    case 'thinking': {
      const { thinking, signature } = parseAt(thinkingBlock, block, path);
      return { type: 'thinking', text: thinking, ...present({ signature: signature || undefined }) };
    }
    case 'redacted_thinking':
      return { type: 'thinking', text: '', redacted: parseAt(redactedBlock, block, path).data };
    case 'tool_use': {
      const { id, name, input } = parseAt(toolUseBlock, block, path);
      return { type: 'tool_call', id, name, arguments: JSON.stringify(input) };
    }
    case 'tool_result':
      return decodeToolResult(block, path);
    default:
      return opaque(block);
  }
}

/** The parts of a `content` that must be there: a string or an array of blocks. */
export function decodeContent(content: unknown, path: string): readonly Part[] {
  if (content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return parseAt(blockArray, content, path).map((block, index) => decodeBlock(block, `${path}[${index}]`));
}

/** The parts of a `content` that may be left out. */
export function decodeOptionalContent(content: unknown, path: string): readonly Part[] {
  return content === undefined || content === null ? [] : decodeContent(content, path);
}

/** Media types under names the format does not know. */
const MEDIA_TYPES: Readonly<Record<string, string>> = { 'image/jpg': 'image/jpeg' };

export function encodeImage(image: ImagePart): JsonObject {
  if (image.data === undefined) return { type: 'image', source: { type: 'url', url: image.url } };
  const { mediaType, base64 } = image.data;
  return {
    type: 'image',
    source: { type: 'base64', media_type: ownValue(MEDIA_TYPES, mediaType) ?? mediaType, data: base64 },
  };
}
