import { z } from 'zod';

export const validator = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('non_empty') }).describe('The answer has text or a tool call.'),
    z.strictObject({ type: z.literal('json') }).describe('The text is one JSON value.'),
    z
      .strictObject({ type: z.literal('json_schema'), schema: z.record(z.string(), z.json()) })
      .describe('The text is JSON that fits `schema`.'),
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
  ])
  .describe('A check of an answer; a failed one sends the request one tier up.');
