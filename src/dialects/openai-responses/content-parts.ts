import { z } from 'zod';
import type { ImagePart, Part } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import { imageSource, imageUrl } from '../image-url.ts';
import { parseAt, present, typedObject } from '../validate.ts';

const contentArray = z.array(typedObject, { error: 'must be a string or an array of content parts' });
const textPart = z.looseObject({ text: z.string() });
const refusalPart = z.looseObject({ refusal: z.string() });
const imagePart = z.looseObject({ image_url: z.string().min(1).nullish(), detail: z.string().nullish() });

function opaque(part: JsonObject & { type: string }): Part {
  return { type: 'opaque', dialect: 'openai-responses', kind: part.type, raw: part };
}

/** An image by URL or inline; one that names a stored file stays opaque. */
function decodeImage(part: JsonObject & { type: string }, path: string): Part {
  const { image_url: url, detail } = parseAt(imagePart, part, path);
  if (!url) return opaque(part);
  return { type: 'image', ...imageSource(url, `${path}.image_url`), ...present({ detail }) };
}

function decodePart(part: JsonObject & { type: string }, path: string): Part {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: parseAt(textPart, part, path).text };
    case 'input_image':
      return decodeImage(part, path);
    case 'refusal':
      return { type: 'refusal', text: parseAt(refusalPart, part, path).refusal };
    default:
      return opaque(part);
  }
}

/** The parts of a `content` or `output`: a string or an array. Parts of unknown types stay opaque. */
export function decodeContent(content: unknown, path: string): readonly Part[] {
  if (content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return parseAt(contentArray, content, path).map((part, index) => decodePart(part, `${path}[${index}]`));
}

/** An image as an `input_image` part; inline bytes become a data URL. */
export function encodeImage(image: ImagePart): JsonObject {
  return { type: 'input_image', image_url: imageUrl(image), ...present({ detail: image.detail }) };
}
