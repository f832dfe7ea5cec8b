/** Small changes to a prompt that do not change what is asked: a decision should survive them. */
import type { PlainMessage } from '../routing/features.ts';
import { createRandom } from './random.ts';

export type Perturbation = (prompt: string, seed: number) => string;

/** Swaps two neighbouring letters inside one word in about thirty, at least one, of four letters or more. */
function typo(prompt: string, seed: number): string {
  const random = createRandom(seed);
  const words = [...prompt.matchAll(/\p{L}{4,}/gu)];
  const count = Math.max(1, Math.round(words.length / 30));
  const letters = [...prompt].length === prompt.length ? prompt.split('') : Array.from(prompt);
  if (letters.length !== prompt.length) return prompt;
  for (let done = 0; done < Math.min(count, words.length); done++) {
    const word = words[random.below(words.length)];
    if (!word) continue;
    const at = word.index + 1 + random.below(word[0].length - 2);
    [letters[at], letters[at + 1]] = [letters[at + 1] ?? '', letters[at] ?? ''];
  }
  return letters.join('');
}

function punctuation(prompt: string): string {
  return /[?.!]\s*$/.test(prompt) ? prompt.replace(/[?.!]+\s*$/, '') : `${prompt}?`;
}

function envelope(prompt: string): string {
  const note = 'The user opened the file notes.md. This may or may not be related to the current task.';
  return `<system-reminder>\n${note}\n</system-reminder>\n\n${prompt}`;
}

export const PERTURBATIONS: Readonly<Record<string, Perturbation>> = {
  typo,
  punctuation,
  lowerCase: (prompt) => prompt.toLowerCase(),
  politeness: (prompt) => `Hi, please ${prompt.trimStart()}\n\nThank you!`,
  envelope,
};

/** The conversation with its last user turn changed. */
export function perturbLast(
  messages: readonly PlainMessage[],
  perturbation: Perturbation,
  seed: number,
): readonly PlainMessage[] {
  const last = messages.findLastIndex(({ role }) => role === 'user');
  return messages.map((message, index) =>
    index === last ? { ...message, content: perturbation(message.content, seed) } : message,
  );
}
