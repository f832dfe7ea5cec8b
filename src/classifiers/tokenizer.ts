/** Text to ids for any bundle: our own reader where it knows the tokenizer, else the one of transformers.js. */
import type { Bundle } from './bundle.ts';
import { createWordPiece } from './wordpiece.ts';

export interface TextTokenizer {
  /** At least one id, at most the bundle's `maxTokens`. */
  encode(text: string): Int32Array;
}

export async function createTokenizer(
  bundle: Pick<Bundle, 'tokenizer' | 'tokenizerConfig' | 'maxTokens'>,
): Promise<TextTokenizer> {
  const fast = createWordPiece(bundle.tokenizer, bundle.maxTokens);
  if (fast) return fast;
  const { PreTrainedTokenizer } = await import('@xenova/transformers');
  const general = new PreTrainedTokenizer(Object(bundle.tokenizer), bundle.tokenizerConfig);
  return {
    encode: (text) => {
      const ids: number[] = general.encode(text);
      return Int32Array.from(ids.length === 0 ? [0] : ids.slice(0, bundle.maxTokens));
    },
  };
}
