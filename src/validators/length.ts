import { type ChatResponse, textOf } from '../core/chat.ts';
import type { Validator } from '../core/ports.ts';

export type LengthUnit = 'characters' | 'words' | 'tokens';

export interface LengthOptions {
  readonly unit: LengthUnit;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Text of more characters than this is counted in words by the spaces alone. */
const SEGMENTED_CHARACTERS = 50_000;
/** Assumed where the upstream does not say. */
const CHARACTERS_PER_TOKEN = 4;

/** Runs of anything but space. */
function countRuns(text: string): number {
  let runs = 0;
  let within = false;
  for (let index = 0; index < text.length; index += 1) {
    const space = text.charCodeAt(index) <= 0x20;
    if (!space && !within) runs += 1;
    within = !space;
  }
  return runs;
}

/** Words by the rules of Unicode (UAX 29), which know scripts without spaces. */
function countWords(text: string): number {
  if (text.length > SEGMENTED_CHARACTERS) return countRuns(text);
  let words = 0;
  for (const { isWordLike } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)) {
    if (isWordLike) words += 1;
  }
  return words;
}

function measure(response: ChatResponse, text: string, unit: LengthUnit): number {
  switch (unit) {
    case 'characters':
      return [...text].length;
    case 'words':
      return countWords(text);
    case 'tokens': {
      const { usage } = response;
      if (usage) return Math.max(0, usage.outputTokens - usage.reasoningTokens);
      return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
    }
  }
}

/** Passes an answer whose text is as long as allowed, bounds included, or that calls a tool. Reasoning does not count. */
export function createLengthValidator(name: string, { unit, min, max }: LengthOptions): Validator {
  return {
    name,
    check(response) {
      if (response.content.some(({ type }) => type === 'tool_call')) return { ok: true };
      const length = measure(response, textOf(response).trim(), unit);
      if (min !== undefined && length < min) {
        return { ok: false, reason: `the answer has ${length} ${unit}, fewer than ${min}` };
      }
      if (max !== undefined && length > max) {
        return { ok: false, reason: `the answer has ${length} ${unit}, more than ${max}` };
      }
      return { ok: true };
    },
    prefix(response) {
      if (
        max === undefined ||
        unit === 'tokens' ||
        response.content.some(({ type }) => type === 'tool_call')
      ) {
        return { ok: true };
      }
      const length = measure(response, textOf(response).trim(), unit);
      return length > max ? { ok: false, reason: `the answer has more than ${max} ${unit}` } : { ok: true };
    },
  };
}
