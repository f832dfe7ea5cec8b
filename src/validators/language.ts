import { type ChatRequest, type ChatResponse, textOf } from '../core/chat.ts';
import type { Validator, Verdict } from '../core/ports.ts';
import type { LanguageDetector } from './language-detector.ts';

export interface LanguageOptions {
  /** ISO 639-1 code, or the language of the request. */
  readonly expected: string;
  /** Letters of prose from which on an answer is judged. */
  readonly minLetters: number;
}

export const SAME_AS_REQUEST = 'same_as_request';

/** Languages a detector takes for each other: within a group an answer passes. */
const ALIKE: readonly (readonly string[])[] = [
  ['da', 'no', 'sv'],
  ['cs', 'sk'],
  ['hr', 'sl', 'sr'],
  ['ru', 'uk', 'be', 'bg', 'sr'],
  ['es', 'pt', 'ca', 'it'],
  ['hi', 'mr'],
  ['fa', 'ar', 'ur', 'ku'],
  ['az', 'tr'],
  ['et', 'fi'],
  ['ms', 'tl'],
  ['nl', 'de'],
];

const ONE_NAME: Readonly<Record<string, string>> = { nb: 'no', nn: 'no', id: 'ms', iw: 'he' };
const REQUEST_CHARACTERS = 20_000;
const PARAGRAPHS = 40;
const PARAGRAPH_LETTERS = 40;

function isAlike(a: string, b: string): boolean {
  return a === b || ALIKE.some((group) => group.includes(a) && group.includes(b));
}

/** Text without code, addresses and marks of Markdown. */
function prose(text: string): string {
  return text
    .replace(/^ {0,3}```[\s\S]*?(?:^ {0,3}```|$(?![\s\S]))/gm, ' ')
    .replace(/`[^`\n]*`/g, ' ')
    .replace(/\bhttps?:\/\/\S+/g, ' ')
    .replace(/[#*_>|{}[\]()<>]/g, ' ');
}

function letters(text: string): number {
  return text.match(/\p{L}/gu)?.length ?? 0;
}

/** Characters of scripts that write a word in one or two letters say more than those of an alphabet. */
function weight(text: string): number {
  const dense =
    text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu)?.length ?? 0;
  return letters(text) + 2 * dense;
}

/** Beginnings of the names that the languages have in each other's languages, in lower case. */
function nameStems(languages: readonly string[]): ReadonlySet<string> {
  const stems = new Set<string>();
  for (const of of languages) {
    const names = new Intl.DisplayNames([of], { type: 'language', fallback: 'none' });
    for (const language of languages) {
      const name = names.of(language)?.toLowerCase().normalize('NFC');
      if (name && name.length >= 2) stems.add(stemOf(name));
    }
  }
  return stems;
}

/** Endings change with case and gender: `französisch`, `französische`; `русский`, `русском`. */
function stemOf(name: string): string {
  return name.length >= 6 ? name.slice(0, Math.max(4, name.length - 3)) : name;
}

const TRANSLATING =
  /translat|übersetz|tradui|traduc|traduz|tradur|vertaal|överst|översätt|oversett|oversæt|tłumacz|přelož|překlad|çevir|перевед|перевод|переклад|ترجم|अनुवाद|terjemah|dịch|แปล|翻訳|翻译|翻譯|訳し|번역|\blanguages?\b|\bsprache|\blangue|\bidioma|\blingua/iu;

function textsOf(request: ChatRequest): string[] {
  return request.messages
    .filter(({ role }) => role === 'user' || role === 'system')
    .flatMap(({ content }) => content.map((part) => (part.type === 'text' ? part.text : '')))
    .filter((text) => text !== '');
}

/**
 * Passes an answer in the expected language, and every answer of which the detector is not sure: short ones, code, lists of
 * names. With `same_as_request` an answer fails only where the request is surely in other languages than it, names no
 * language and does not speak of translating. Throws where the detector does not know the expected language.
 */
export function createLanguageValidator(
  name: string,
  options: LanguageOptions,
  { detect, languages }: LanguageDetector,
): Validator {
  const expected = ONE_NAME[options.expected] ?? options.expected;
  if (expected !== SAME_AS_REQUEST && !languages.includes(expected)) {
    throw new Error(
      `"${options.expected}" is none of: ${[...languages].sort().join(', ')}, ${SAME_AS_REQUEST}`,
    );
  }
  const stems = expected === SAME_AS_REQUEST ? nameStems(languages) : new Set<string>();

  function namesLanguage(text: string): boolean {
    const words =
      text
        .toLowerCase()
        .normalize('NFC')
        .match(/[\p{L}\p{M}]+/gu) ?? [];
    return words.some((word) => {
      for (let end = 2; end <= word.length; end += 1) {
        if (stems.has(word.slice(0, end)) && end >= word.length - 6) return true;
      }
      return false;
    });
  }

  /** The languages of the request, whole and by paragraph; undefined where it leaves open which is wanted. */
  function languagesOf(request: ChatRequest): readonly string[] | undefined {
    const text = textsOf(request).join('\n\n').slice(-REQUEST_CHARACTERS);
    if (TRANSLATING.test(text) || namesLanguage(text)) return undefined;
    const paragraphs = text.split(/\n+/).slice(-PARAGRAPHS);
    const judged = [text, ...paragraphs].map(prose).filter((each) => weight(each) >= PARAGRAPH_LETTERS);
    const found = judged.flatMap((each) => detect(each) ?? []);
    return found.length === 0 ? undefined : found;
  }

  function check(response: ChatResponse, request: ChatRequest): Verdict {
    const text = prose(textOf(response));
    if (weight(text) < options.minLetters) return { ok: true };
    const found = detect(text);
    if (found === undefined) return { ok: true };
    const wanted = expected === SAME_AS_REQUEST ? languagesOf(request) : [expected];
    if (!wanted || wanted.some((language) => isAlike(language, found))) return { ok: true };
    const other = expected === SAME_AS_REQUEST ? 'the language of the request' : expected;
    return { ok: false, reason: `the answer is in ${found}, not in ${other}` };
  }

  return { name, check, prefix: check };
}
