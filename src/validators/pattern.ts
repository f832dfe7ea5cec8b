import type { Validator } from '../core/ports.ts';
import { textOf } from './text-of.ts';

/** Passes an answer whose text matches a regular expression somewhere. Throws on an invalid expression. */
export function createRegexValidator(name: string, pattern: string, flags: string): Validator {
  const expression = new RegExp(pattern, flags);
  return {
    name,
    check: (response) =>
      expression.test(textOf(response))
        ? { ok: true }
        : { ok: false, reason: 'the answer does not match the pattern' },
  };
}

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
  return {
    name,
    check(response) {
      return allowed.has(bare(textOf(response)))
        ? { ok: true }
        : { ok: false, reason: `the answer is none of: ${labels.join(', ')}` };
    },
  };
}
