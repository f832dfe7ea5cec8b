import { z } from 'zod';
import type { ImagePart, Part } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { parseAt, present, typedObject } from '../validate.ts';

const contentArray = z.array(typedObject, { error: 'must be a string or an array of content parts' });
const textPart = z.looseObject({ text: z.string() });
const refusalPart = z.looseObject({ refusal: z.string() });
const imagePart = z.looseObject({
  image_url: z.union([z.string(), z.looseObject({ url: z.string().min(1), detail: z.string().nullish() })], {
    error: 'must be an object with a url',
  }),
});

const DATA_URL = /^data:([^;,]+)(?:;[^;,]+)*;base64,/;

function decodeImage(part: unknown, path: string): ImagePart {
  const { image_url: image } = parseAt(imagePart, part, path);
  const { url, detail } = typeof image === 'string' ? { url: image, detail: undefined } : image;
  const match = DATA_URL.exec(url);
  if (url.startsWith('data:') && match === null) {
    const field = `${path}.image_url.url`;
    throw new RouterError('invalid_request', `${field} must be an http(s) URL or a base64 data URL.`, {
      field,
    });
  }
  const source =
    match === null ? { url } : { data: { mediaType: match[1] ?? '', base64: url.slice(match[0].length) } };
  return { type: 'image', ...source, ...present({ detail }) };
}

function decodePart(part: JsonObject & { type: string }, path: string): Part {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: parseAt(textPart, part, path).text };
    case 'image_url':
      return decodeImage(part, path);
    case 'refusal':
      return { type: 'refusal', text: parseAt(refusalPart, part, path).refusal };
    default:
      return { type: 'opaque', dialect: 'openai-chat', kind: part.type, raw: part };
  }
}

/** The parts of a `content` that must be there: a string or an array. Parts of unknown types stay opaque. */
export function decodeContent(content: unknown, path: string): readonly Part[] {
  if (content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return parseAt(contentArray, content, path).map((part, index) => decodePart(part, `${path}[${index}]`));
}

/** The parts of a `content` that may be left out. */
export function decodeOptionalContent(content: unknown, path: string): readonly Part[] {
  return content === undefined || content === null ? [] : decodeContent(content, path);
}

/** An image as an `image_url` part; inline bytes become a data URL. */
export function encodeImage(image: ImagePart): JsonObject {
  const url = image.data ? `data:${image.data.mediaType};base64,${image.data.base64}` : image.url;
  return { type: 'image_url', image_url: present({ url, detail: image.detail }) };
}
