import { type ChatRequest, type ChatResponse, textOf } from '../core/chat.ts';
import type { Validator, Verdict } from '../core/ports.ts';
import type { LanguageDetector } from './language-detector.ts';

export interface LanguageOptions {
  /** ISO 639-1 code, or the language of the request. */
  readonly expected: string;
  /** Letters of prose from which on an answer is judged. */
  readonly minLetters: number;
}

const SAME_AS_REQUEST = 'same_as_request';

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
const ANSWER_CHARACTERS = 20_000;
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
  return text.match(/[\p{L}\p{M}]/gu)?.length ?? 0;
}

/** Characters of scripts that write a word in one or two letters say more than those of an alphabet. */
function weight(text: string): number {
  const dense =
    text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu)?.length ?? 0;
  return letters(text) + 2 * dense;
}

/** Scripts that write without spaces: a name in them may stand anywhere. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}]/u;
/** What languages are also called where Intl has another name. */
const MORE_NAMES = ['英文', '中文', '国文', '日文', '法文', '德文', '韩文', '韓文', '俄文', '西班牙文'];
/** A name in the Latin script of fewer letters is too often another word. */
const LEAST_LATIN = 4;
const ENDING = 3;
/** No name of a language is longer. */
const LONGEST_NAME = 40;

/** The names that the languages have in each other's languages, in lower case. */
interface LanguageNames {
  readonly unspaced: readonly string[];
  /** The longest word that a beginning may be of: endings change with case and gender, as in `французском`. */
  readonly stems: ReadonlyMap<string, number>;
}

function namesOf(languages: readonly string[]): LanguageNames {
  const all = languages.flatMap((of) => {
    const names = new Intl.DisplayNames([of], { type: 'language', fallback: 'none' });
    return languages.flatMap((language) => names.of(language)?.toLowerCase().normalize('NFC') ?? []);
  });
  const names = [...new Set([...all, ...MORE_NAMES])];
  const stems = new Map<string, number>();
  for (const name of names) {
    if (UNSPACED.test(name) || (name.length < LEAST_LATIN && /\p{Script=Latin}/u.test(name))) continue;
    const stem = name.slice(0, Math.max(5, name.length - 2));
    stems.set(stem, Math.max(stems.get(stem) ?? 0, name.length + ENDING));
  }
  return { unspaced: names.filter((name) => name.length > 1 && UNSPACED.test(name)), stems };
}

function namesLanguage(text: string, { unspaced, stems }: LanguageNames): boolean {
  const lower = text.toLowerCase().normalize('NFC');
  if (unspaced.some((name) => lower.includes(name))) return true;
  const words = lower.match(/[\p{L}\p{M}]+/gu) ?? [];
  return words.some((word) => {
    for (let end = 2; end <= Math.min(word.length, LONGEST_NAME); end += 1) {
      if ((stems.get(word.slice(0, end)) ?? 0) >= word.length) return true;
    }
    return false;
  });
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
  const names = namesOf(expected === SAME_AS_REQUEST ? languages : []);

  /** The languages of the request, whole and by paragraph; undefined where it leaves open which is wanted. */
  function languagesOf(request: ChatRequest): readonly string[] | undefined {
    const text = textsOf(request).join('\n\n').slice(-REQUEST_CHARACTERS);
    if (TRANSLATING.test(text) || namesLanguage(text, names)) return undefined;
    const paragraphs = text.split(/\n+/).slice(-PARAGRAPHS);
    const judged = [text, ...paragraphs].map(prose).filter((each) => weight(each) >= PARAGRAPH_LETTERS);
    const found = judged.flatMap((each) => detect(each) ?? []);
    return found.length === 0 ? undefined : found;
  }

  function check(response: ChatResponse, request: ChatRequest): Verdict {
    const text = prose(textOf(response).slice(0, ANSWER_CHARACTERS));
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
