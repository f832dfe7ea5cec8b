/**
 * The keyword-and-length rules that practitioners' guides recommend: the fallback when the trained classifier
 * cannot load, and a baseline in every evaluation. Complex rules are asked first so that nothing hard is
 * under-served; what matches nothing goes to the middle.
 */
import type { Classifier } from '../core/ports.ts';
import type { Classification } from '../core/routing.ts';
import { perTier, TIERS, type Tier, tierRank } from '../core/tier.ts';

interface KeywordRule {
  readonly tier: Tier;
  readonly keywords: readonly string[];
}

const KEYWORDS: readonly KeywordRule[] = [
  {
    tier: 'complex',
    keywords: [
      'analyze the entire',
      'design a system',
      'find the root cause',
      'architect',
      'debug this complex',
      'security audit',
      'prove',
      'derive',
      'reason through',
      'migration',
    ],
  },
  {
    tier: 'simple',
    keywords: [
      'classify',
      'extract',
      'detect',
      'label',
      'tag',
      'yes or no',
      'true or false',
      'which category',
      'format',
      'convert to',
      'tl;dr',
      'docstring',
      'commit message',
      'autocomplete',
    ],
  },
  {
    tier: 'moderate',
    keywords: [
      'summarize',
      'explain',
      'review',
      'draft',
      'rewrite',
      'translate',
      'describe',
      'write',
      'compose',
    ],
  },
];

const CODE = /```|\bfunction\b|\bclass\b|\bdef\b|\bimport\b/;
const SHORT_WORDS = 50;
const LONG_WORDS = 2_000;

/** Confidence of a rule that matched, and of the middle tier where none did: a matched keyword settles it, silence is doubt. */
const MATCHED = 0.6;
const UNMATCHED = 0.4;
const DOUBT_BELOW = 0.5;

/** What a keyword may end in: `architect` is meant to match `architecture`, `prove` no `proverb`. */
const ENDINGS = '(?:e?s|e?d|ing|ions?|ations?|ers?|ure|ural)?';

const MATCHERS = KEYWORDS.map(({ tier, keywords }) => ({
  tier,
  expression: new RegExp(`\\b(?:${keywords.join('|')})${ENDINGS}\\b`, 'i'),
}));

/** The fact that a text was long, of which features keep head and tail only. */
const LONG_TOKEN = '<|long:8000|>';
const FACT_TOKENS = /<\|[^|]*\|>/g;

function decide(text: string): { readonly tier: Tier; readonly matched: boolean } {
  const words = text.replace(FACT_TOKENS, ' ').split(/\s+/).filter(Boolean).length;
  if (words > LONG_WORDS || text.includes(LONG_TOKEN)) return { tier: 'complex', matched: true };
  const keyword = MATCHERS.find(({ expression }) => expression.test(text));
  if (keyword) return { tier: keyword.tier, matched: true };
  if (CODE.test(text)) return { tier: 'moderate', matched: true };
  if (words < SHORT_WORDS) return { tier: 'simple', matched: true };
  return { tier: 'moderate', matched: false };
}

function classification(text: string): Classification {
  const { tier, matched } = decide(text);
  const confidence = matched ? MATCHED : UNMATCHED;
  const rest = (1 - confidence) / (TIERS.length - 1);
  const probabilities = perTier((each) => (each === tier ? confidence : rest));
  const sufficiency = perTier((each) =>
    Math.min(
      1,
      TIERS.slice(0, tierRank(each) + 1).reduce((sum, lower) => sum + probabilities[lower], 0),
    ),
  );
  return { tier, confidence, probabilities, sufficiency };
}

/** The rules as a classifier. Its probabilities are rule strengths, not calibrated. */
export function createRulesClassifier(): Classifier {
  return {
    id: 'rules',
    doubtBelow: DOUBT_BELOW,
    classify: async (inputs) => inputs.map(({ text }) => classification(text)),
    close: async () => {},
  };
}
