import type { Validator } from '../core/ports.ts';

export interface ConfidenceOptions {
  /** Natural logarithm. */
  readonly minMeanLogprob: number;
  /** The mean of fewer tokens says nothing. */
  readonly minTokens: number;
}

/**
 * The model's own doubt: fails an answer whose tokens had a mean log-probability below the bound. Passes an answer without
 * log-probabilities, and one of too few tokens.
 */
export function createConfidenceValidator(name: string, options: ConfidenceOptions): Validator {
  return {
    name,
    reads: 'logprobs',
    check({ logprobs }) {
      if (!logprobs || logprobs.tokens < options.minTokens) return { ok: true };
      if (logprobs.mean >= options.minMeanLogprob) return { ok: true };
      const mean = logprobs.mean.toFixed(3);
      return { ok: false, reason: `mean token log-probability ${mean}, below ${options.minMeanLogprob}` };
    },
  };
}
