/** What language a text is in, by n-grams; only where that is sure. */

/** ISO 639-1 code of the language a text is surely in; undefined where it is short, mixed or of an unknown language. */
export type DetectLanguage = (text: string) => string | undefined;

export interface LanguageDetector {
  readonly detect: DetectLanguage;
  /** ISO 639-1 codes. */
  readonly languages: readonly string[];
}

const DETECTED_CHARACTERS = 4_000;

/** Loads the n-grams (37 MB in memory), which is done only where a validator wants them. */
export async function loadLanguageDetector(): Promise<LanguageDetector> {
  const { eld } = await import('eld');
  if (!('load' in eld)) throw new Error('the language package has no loader');
  const detector = eld.newInstance();
  await detector.load('extrasmall');
  return {
    languages: Object.values(detector.info().Languages),
    detect(text) {
      const result = detector.detect(text.slice(0, DETECTED_CHARACTERS));
      return result.language !== '' && result.isReliable() ? result.language : undefined;
    },
  };
}
