import type { Part, TextPart } from '../core/chat.ts';

/** Between text parts that a format can only carry as one string. */
const PART_SEPARATOR = '\n\n';

export function isText(part: Part): part is TextPart {
  return part.type === 'text';
}

/** The text parts as one string, a blank line between them; other parts are skipped. */
export function joinText(parts: readonly Part[]): string {
  return parts
    .filter(isText)
    .map((part) => part.text)
    .join(PART_SEPARATOR);
}
