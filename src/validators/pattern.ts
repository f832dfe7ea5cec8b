import { textOf } from '../core/chat.ts';
import type { Validator } from '../core/ports.ts';
import { createTimeLimit } from './time-limit.ts';

/** Longest that one pattern may take over one answer, milliseconds. */
const PATTERN_MS = 100;

/**
 * Passes an answer whose text matches a regular expression somewhere. An answer over which the expression takes too long
 * fails. Throws on an invalid expression.
 */
export function createRegexValidator(name: string, pattern: string, flags: string): Validator {
  const expression = new RegExp(pattern, flags);
  const withinTime = createTimeLimit();
  return {
    name,
    check(response) {
      const text = textOf(response);
      try {
        return withinTime(() => expression.test(text), PATTERN_MS)
          ? { ok: true }
          : { ok: false, reason: 'the answer does not match the pattern' };
      } catch {
        return { ok: false, reason: 'the pattern takes too long over the answer' };
      }
    },
  };
}
/** Quotes and full stops that may stand around a label, at most; what is longer is no label and not looked at. */
const MAX_MARKS = 100;

/** Passes an answer whose text, trimmed of space, quotes and a final full stop, is one of the labels. */
export function createLabelsValidator(
  name: string,
  labels: readonly string[],
  caseSensitive: boolean,
): Validator {
  const bare = (text: string): string => {
    const word = text.trim().replace(/^["'`]+|["'`.]+$/g, '');
    return caseSensitive ? word : word.toLowerCase();
  };
  const allowed = new Set(labels.map(bare));
  const longest = Math.max(...labels.map((label) => label.length)) + MAX_MARKS;
  const failed = { ok: false, reason: `the answer is none of: ${labels.join(', ')}` } as const;
  return {
    name,
    check(response) {
      const text = textOf(response).trim();
      return text.length <= longest && allowed.has(bare(text)) ? { ok: true } : failed;
    },
    prefix: (response) => (textOf(response).trim().length > longest ? failed : { ok: true }),
  };
}
