import { z } from 'zod';
import { id, milliseconds } from './shared.ts';

const breakerFields = {
  breaker_failures: z.int().min(1).default(5).describe('Failures in a row that stop asking for a while.'),
  breaker_cooldown_ms: milliseconds.default(30_000).describe('How long asking then stops.'),
};

const structure = [
  z
    .strictObject({ type: z.literal('non_empty') })
    .describe('The answer has text, a tool call or a part of its own format.'),
  z
    .strictObject({
      type: z.literal('complete'),
      at_ceiling: z
        .enum(['fail', 'pass'])
        .default('fail')
        .describe('What an answer is that filled the output ceiling which the caller or the route set.'),
    })
    .describe('The answer was not cut off: no output limit reached, no code block and no JSON left open.'),
  z
    .strictObject({
      type: z.literal('refusal'),
      max_characters: z
        .int()
        .min(1)
        .default(600)
        .describe('A longer answer helps in part, whatever it begins with.'),
    })
    .describe('The model did not refuse: by its format, or by how a short answer begins, in 26 languages.'),
  z.strictObject({ type: z.literal('no_repetition') }).describe('The answer does not end in a loop.'),
  z.strictObject({ type: z.literal('json') }).describe('The text is one JSON value.'),
  z
    .strictObject({ type: z.literal('json_schema'), schema: z.record(z.string(), z.json()).optional() })
    .describe(
      "The text is JSON that fits `schema`; without one, what the request's own response format asks for.",
    ),
  z
    .strictObject({ type: z.literal('tool_arguments') })
    .describe("Tool calls name the request's tools, with arguments that fit their JSON Schema."),
] as const;

const text = [
  z
    .strictObject({
      type: z.literal('regex'),
      pattern: z.string().min(1).max(1_000),
      flags: z
        .string()
        .regex(/^[imsu]*$/)
        .default(''),
    })
    .describe('The text matches `pattern`.'),
  z
    .strictObject({
      type: z.literal('labels'),
      labels: z.array(z.string().min(1)).min(1),
      case_sensitive: z.boolean().default(false),
    })
    .describe('The text, trimmed, is one of `labels`.'),
  z
    .strictObject({
      type: z.literal('language'),
      expected: z
        .union([z.literal('same_as_request'), z.string().regex(/^[a-z]{2}$/, 'must be an ISO 639-1 code')])
        .describe('ISO 639-1 code, or `same_as_request`.'),
      min_letters: z
        .int()
        .min(20)
        .default(80)
        .describe(
          'Letters of prose from which on an answer is judged; those of CJK scripts count three times.',
        ),
    })
    .describe('The answer is in the expected language, or it cannot be told for sure.'),
  z
    .strictObject({
      type: z.literal('length'),
      unit: z.enum(['characters', 'words', 'tokens']).default('characters'),
      min: z.int().min(1).optional(),
      max: z.int().min(1).optional(),
    })
    .refine(({ min, max }) => min !== undefined || max !== undefined, { message: 'set min, max or both' })
    .refine(({ min = 0, max = Number.POSITIVE_INFINITY }) => min <= max, {
      message: 'must not be below min',
      path: ['max'],
    })
    .describe('The text is between `min` and `max` long.'),
] as const;

const asking = [
  z
    .strictObject({
      type: z.literal('confidence'),
      min_mean_logprob: z
        .number()
        .max(0)
        .describe(
          'Mean token log-probability (natural) below which an answer fails; see `npm run calibrate:confidence`.',
        ),
      min_tokens: z.int().min(1).default(8).describe('The mean of fewer tokens is not judged.'),
    })
    .describe('The model was sure of its words. Models with `logprobs: true` only; others pass.'),
  z
    .strictObject({
      type: z.literal('webhook'),
      url: z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' }),
      secret_env: z
        .string()
        .min(1)
        .optional()
        .describe('Environment variable with the secret that signs what is sent (`x-router-signature`).'),
      timeout_ms: milliseconds.default(2_000),
      on_error: z
        .enum(['pass', 'fail'])
        .default('pass')
        .describe('What counts where the hook gives no verdict.'),
      send: z
        .enum(['text_only', 'full'])
        .default('text_only')
        .describe(
          'The last user message and the text of the answer, or the whole conversation with its tools.',
        ),
      ...breakerFields,
    })
    .describe('A POST of request and response to `url` is answered with `{"ok": true}`.'),
  z
    .strictObject({
      type: z.literal('llm_judge'),
      rubric: z.string().min(1).max(8_000).describe('What makes an answer good.'),
      model: id.default('auto').describe('Model id; `auto` takes the one that `judge.model` names.'),
      threshold: z.number().min(0).max(1).default(0.8).describe('An answer that scores less fails.'),
      sample: z.number().min(0).max(1).default(1).describe('Share of the answers that are judged.'),
      daily_budget_usd: z
        .number()
        .min(0)
        .default(1)
        .describe('Once its checks have cost so much in a UTC day it asks no more, and answers pass.'),
      timeout_ms: milliseconds.default(10_000),
      ...breakerFields,
    })
    .describe('A small model scores the answer against `rubric`; it passes where no score comes.'),
] as const;

export const validator = z
  .discriminatedUnion('type', [...structure, ...text, ...asking])
  .describe('A check of an answer; a failed one sends the request one tier up.');

export type ValidatorConfig = z.infer<typeof validator>;

/** Validators that need no settings and are there by the name of their type, unless the configuration defines the name. */
export const BUILTIN_VALIDATORS: readonly ValidatorConfig['type'][] = [
  'non_empty',
  'complete',
  'refusal',
  'no_repetition',
  'json',
  'json_schema',
  'tool_arguments',
];
