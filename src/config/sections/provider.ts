import { z } from 'zod';
import { DIALECT_IDS } from '../../core/chat.ts';
import { milliseconds } from './shared.ts';

const variable = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, 'must be the NAME of an environment variable, e.g. OPENAI_API_KEY');

const baseUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' })
  .refine((url) => !/[?#]/.test(url), 'must end with its path; query parameters belong under `query`');

const template = z
  .string()
  .regex(/^\/[^?#\s]*$/, 'must begin with / and hold no query; query parameters belong under `query`')
  .refine(
    (path) => !/[{}]/.test(path.replaceAll('{model}', '')),
    'may have {model} in it and no other placeholder',
  );

export const provider = z
  .strictObject({
    dialect: z.enum(DIALECT_IDS).default('openai-chat').describe('Wire format it speaks.'),
    base_url: baseUrl.describe(
      'Base URL; `/chat/completions`, `/responses` or `/messages` is appended, or `path`. Redirects are not followed.',
    ),
    path: template
      .optional()
      .describe(
        'Path below the base URL instead of its format’s own; `{model}` is the upstream’s name of the model, URL-encoded.',
      ),
    stream_path: template.optional().describe('The same for streams, where it differs from `path`.'),
    query: z.record(z.string(), z.string()).default({}).describe('Query parameters of each call.'),
    model_in_body: z
      .boolean()
      .default(true)
      .describe('The body names the model; false where the path does and the upstream wants it there only.'),
    extra_body: z
      .record(z.string(), z.json())
      .default({})
      .describe('Fields set in each body, e.g. `anthropic_version` of a Bedrock-style gateway.'),
    key_env: z
      .union([variable, z.array(variable).min(1).max(100)])
      .optional()
      .describe(
        'Environment variable that holds its key, or a list of them: a pool used in turn. Without any of them its models are left out. Absent: no key is needed.',
      ),
    auth: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be `bearer`, `none` or the name of a header, e.g. api-key')
      .optional()
      .describe(
        'How the key is sent: `bearer`, the name of a header that holds it, or `none`. Default: as its format has it.',
      ),
    key_cooldown_ms: milliseconds
      .default(30_000)
      .describe(
        'How long a key of a pool rests after 429, 401 or 403 where the upstream gives no `Retry-After`.',
      ),
    headers: z.record(z.string(), z.string()).default({}).describe('Extra headers of each call.'),
    connect_timeout_ms: milliseconds.default(10_000).describe('Most that connecting may take, TLS included.'),
    first_byte_timeout_ms: milliseconds
      .default(60_000)
      .describe('Most that the upstream may take to begin its answer.'),
    idle_timeout_ms: milliseconds.default(30_000).describe('Longest silence within an answer.'),
    timeout_ms: milliseconds.default(120_000).describe('Most that a whole unstreamed answer may take.'),
    stream_timeout_ms: milliseconds.default(900_000).describe('Most that a whole stream may take.'),
    output_limit_field: z
      .enum(['max_tokens', 'max_completion_tokens'])
      .optional()
      .describe('The one name it knows the output ceiling by, where it refuses the other.'),
    reasoning_summary: z
      .enum(['auto', 'concise', 'detailed'])
      .optional()
      .describe(
        'Summary of its reasoning that a provider of the Responses format is asked for where a caller of another format asks for reasoning. Absent: none, since OpenAI gives it to verified organisations only.',
      ),
    refuses: z
      .array(z.string().min(1))
      .default([])
      .describe('Body fields it refuses; they are left out and listed as dropped.'),
    max_concurrent: z
      .int()
      .min(1)
      .default(1_000)
      .describe('Calls in flight at once, streams to their end; more wait in line.'),
    max_queued: z
      .int()
      .min(0)
      .default(1_000)
      .describe('Calls that may wait in line; one more goes to the next model, or gets `overloaded`.'),
  })
  .describe('An upstream.');
