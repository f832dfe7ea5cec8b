import type { JsonObject } from '../core/json.ts';
import type { AskedModel, Clock, Validator } from '../core/ports.ts';
import { type AtCeiling, createCompleteValidator } from './complete.ts';
import { createConfidenceValidator } from './confidence.ts';
import { createJsonSchemaValidator, createJsonValidator, createResponseFormatValidator } from './json.ts';
import { createLanguageValidator } from './language.ts';
import type { LanguageDetector } from './language-detector.ts';
import { createLengthValidator, type LengthUnit } from './length.ts';
import { createLlmJudgeValidator } from './llm-judge.ts';
import { createNonEmptyValidator } from './non-empty.ts';
import { createLabelsValidator, createRegexValidator } from './pattern.ts';
import { createRefusalValidator } from './refusal.ts';
import { createNoRepetitionValidator } from './repetition.ts';
import { createToolArgumentsValidator } from './tool-arguments.ts';
import { createWebhookValidator } from './webhook.ts';

interface BreakerSpec {
  readonly timeout_ms: number;
  readonly breaker_failures: number;
  readonly breaker_cooldown_ms: number;
}

interface WebhookSpec extends BreakerSpec {
  readonly type: 'webhook';
  readonly url: string;
  readonly on_error: 'pass' | 'fail';
  readonly send: 'text_only' | 'full';
}

interface LlmJudgeSpec extends BreakerSpec {
  readonly type: 'llm_judge';
  readonly rubric: string;
  readonly threshold: number;
  readonly sample: number;
}

/** What a validator is made from, as the configuration writes it. */
export type ValidatorSpec =
  | { readonly type: 'non_empty' }
  | { readonly type: 'complete'; readonly at_ceiling: AtCeiling }
  | { readonly type: 'refusal'; readonly max_characters: number }
  | { readonly type: 'no_repetition' }
  | { readonly type: 'json' }
  | { readonly type: 'json_schema'; readonly schema?: JsonObject | undefined }
  | { readonly type: 'tool_arguments' }
  | { readonly type: 'regex'; readonly pattern: string; readonly flags: string }
  | { readonly type: 'labels'; readonly labels: readonly string[]; readonly case_sensitive: boolean }
  | { readonly type: 'language'; readonly expected: string; readonly min_letters: number }
  | {
      readonly type: 'length';
      readonly unit: LengthUnit;
      readonly min?: number | undefined;
      readonly max?: number | undefined;
    }
  | { readonly type: 'confidence'; readonly min_mean_logprob: number; readonly min_tokens: number }
  | WebhookSpec
  | LlmJudgeSpec;

/** What some validators need besides their settings; only those ask for it. */
export interface ValidatorDeps {
  readonly clock: Clock;
  /** 0 to 1, as Math.random. */
  readonly random: () => number;
  readonly languages?: LanguageDetector | undefined;
  /** Signs what is sent to the validator's hook. */
  readonly secret?: string | undefined;
  /** The judge's model; absent where none is configured: its answers then all pass. */
  readonly asked?: AskedModel | undefined;
}

function webhook(name: string, spec: WebhookSpec, { clock, secret }: ValidatorDeps): Validator {
  return createWebhookValidator(name, {
    url: spec.url,
    timeoutMs: spec.timeout_ms,
    onError: spec.on_error,
    send: spec.send,
    breakerFailures: spec.breaker_failures,
    breakerCooldownMs: spec.breaker_cooldown_ms,
    clock,
    ...(secret === undefined ? {} : { secret }),
  });
}

function llmJudge(name: string, spec: LlmJudgeSpec, { asked, random }: ValidatorDeps): Validator {
  const { rubric, threshold, sample } = spec;
  if (!asked) return { name, check: () => ({ ok: true }) };
  return createLlmJudgeValidator(name, { rubric, threshold, sample, asked, random });
}

/** Builds a validator; throws where a pattern, a schema or a language is of no use. */
export function createValidator(name: string, spec: ValidatorSpec, deps: ValidatorDeps): Validator {
  switch (spec.type) {
    case 'non_empty':
      return createNonEmptyValidator(name);
    case 'complete':
      return createCompleteValidator(name, spec.at_ceiling);
    case 'refusal':
      return createRefusalValidator(name, spec.max_characters);
    case 'no_repetition':
      return createNoRepetitionValidator(name);
    case 'json':
      return createJsonValidator(name);
    case 'json_schema':
      return spec.schema ? createJsonSchemaValidator(name, spec.schema) : createResponseFormatValidator(name);
    case 'tool_arguments':
      return createToolArgumentsValidator(name);
    case 'regex':
      return createRegexValidator(name, spec.pattern, spec.flags);
    case 'labels':
      return createLabelsValidator(name, spec.labels, spec.case_sensitive);
    case 'language': {
      if (!deps.languages) throw new Error('the language detector is not loaded');
      return createLanguageValidator(
        name,
        { expected: spec.expected, minLetters: spec.min_letters },
        deps.languages,
      );
    }
    case 'length':
      return createLengthValidator(name, spec);
    case 'confidence':
      return createConfidenceValidator(name, {
        minMeanLogprob: spec.min_mean_logprob,
        minTokens: spec.min_tokens,
      });
    case 'webhook':
      return webhook(name, spec, deps);
    case 'llm_judge':
      return llmJudge(name, spec, deps);
  }
}
