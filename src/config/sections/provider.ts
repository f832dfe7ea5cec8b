import { z } from 'zod';
import { DIALECT_IDS } from '../../core/chat.ts';
import { milliseconds } from './shared.ts';

export const provider = z
  .strictObject({
    dialect: z.enum(DIALECT_IDS).default('openai-chat').describe('Wire format it speaks.'),
    base_url: z
      .url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' })
      .describe('Base URL; `/chat/completions`, `/responses` or `/messages` is appended.'),
    key_env: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/, 'must be the NAME of an environment variable, e.g. OPENAI_API_KEY')
      .optional()
      .describe(
        'Environment variable that holds its key; without the variable its models are left out. Absent: no key is needed.',
      ),
    headers: z.record(z.string(), z.string()).default({}).describe('Extra headers of each call.'),
    timeout_ms: milliseconds.default(120_000).describe('Most that a whole unstreamed answer may take.'),
    first_byte_timeout_ms: milliseconds.default(60_000).describe('Most that the first byte may take.'),
    idle_timeout_ms: milliseconds.default(30_000).describe('Longest silence within a stream.'),
    output_limit_field: z
      .enum(['max_tokens', 'max_completion_tokens'])
      .optional()
      .describe('The one name it knows the output ceiling by, where it refuses the other.'),
    refuses: z
      .array(z.string().min(1))
      .default([])
      .describe('Body fields it refuses; they are left out and listed as dropped.'),
    max_concurrent: z.int().min(1).default(256).describe('Calls in flight at once; more wait in line.'),
  })
  .describe('An upstream.');
