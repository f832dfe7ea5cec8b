/** Bounds on the structure of a JSON body, checked on its bytes before anything is made of them. */

export interface JsonBounds {
  /** Deepest nesting of objects and lists. */
  readonly maxDepth: number;
  /** Most objects, lists and entries of either. */
  readonly maxValues: number;
}

/** Type of the error that `checkJson` throws, by which the error middleware knows it. */
export const JSON_BOUNDS_ERROR = 'json.bounds';

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Index of the quote that ends the string whose first character is at `start`; the length where none does. */
function endOfString(bytes: Buffer, start: number): number {
  for (let quote = bytes.indexOf(QUOTE, start); quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let escapes = 0;
    while (bytes[quote - 1 - escapes] === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return quote;
  }
  return bytes.length;
}

/** What is beyond the bounds, in words for the caller; undefined where nothing is. Needs not be valid JSON. */
export function beyondBounds(bytes: Buffer, { maxDepth, maxValues }: JsonBounds): string | undefined {
  let depth = 0;
  let values = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === QUOTE) index = endOfString(bytes, index + 1);
    else if (byte === COMMA) values++;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      values++;
      depth++;
      if (depth > maxDepth)
        return `The body is nested deeper than ${maxDepth} levels (server.max_json_depth).`;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
    if (values > maxValues) {
      return `The body has more than ${maxValues} objects, lists and entries (server.max_json_values).`;
    }
  }
  return undefined;
}

/** For the body parser, which calls it with the bytes before it parses them. Throws an Error of type JSON_BOUNDS_ERROR. */
export function createJsonCheck(bounds: JsonBounds): (req: unknown, res: unknown, bytes: Buffer) => void {
  return (_req, _res, bytes) => {
    const reason = beyondBounds(bytes, bounds);
    if (reason !== undefined) throw Object.assign(new Error(reason), { type: JSON_BOUNDS_ERROR });
  };
}
