/** Images as the formats of OpenAI write them: one URL, which may be a data URL that holds the bytes. */
import type { ImagePart } from '../core/chat.ts';
import { RouterError } from '../core/errors.ts';

const DATA_URL = /^data:([^;,]+)(?:;[^;,]+)*;base64,/;

/** Where the image is: its URL, or the bytes of a data URL. Throws `invalid_request` naming `field`. */
export function imageSource(url: string, field: string): Pick<ImagePart, 'url' | 'data'> {
  const match = DATA_URL.exec(url);
  if (match) return { data: { mediaType: match[1] ?? '', base64: url.slice(match[0].length) } };
  if (!url.startsWith('data:')) return { url };
  throw new RouterError('invalid_request', `${field} must be an http(s) URL or a base64 data URL.`, {
    field,
  });
}

/** The URL of an image; inline bytes become a data URL. */
export function imageUrl({ url, data }: ImagePart): string | undefined {
  return data ? `data:${data.mediaType};base64,${data.base64}` : url;
}
