import { z } from 'zod';
import type { ImagePart, Part } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import { imageSource, imageUrl } from '../image-url.ts';
import { parseAt, present, typedObject } from '../validate.ts';

const contentArray = z.array(typedObject, { error: 'must be a string or an array of content parts' });
const textPart = z.looseObject({ text: z.string() });
const refusalPart = z.looseObject({ refusal: z.string() });
const imagePart = z.looseObject({
  image_url: z.union([z.string(), z.looseObject({ url: z.string().min(1), detail: z.string().nullish() })], {
    error: 'must be an object with a url',
  }),
});

function decodeImage(part: unknown, path: string): ImagePart {
  const { image_url: image } = parseAt(imagePart, part, path);
  const { url, detail } = typeof image === 'string' ? { url: image, detail: undefined } : image;
  return { type: 'image', ...imageSource(url, `${path}.image_url.url`), ...present({ detail }) };
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
  return { type: 'image_url', image_url: present({ url: imageUrl(image), detail: image.detail }) };
}
