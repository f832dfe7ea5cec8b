/** The wire formats of others as far as the OpenAPI document shows them; their dialects do the checking. */
import { z } from 'zod';

const model = z
  .string()
  .describe('`auto`, `auto:simple`, `auto:moderate`, `auto:complex`, or a configured model id.');

export const chatCompletionsBody = z
  .looseObject({
    model,
    messages: z.array(z.looseObject({ role: z.string() })).min(1),
    stream: z.boolean().optional(),
  })
  .describe('Any body of OpenAI Chat Completions.');

export const responsesBody = z
  .looseObject({
    model,
    input: z.union([z.string(), z.array(z.looseObject({ type: z.string().optional() }))]),
    stream: z.boolean().optional(),
  })
  .describe('Any body of OpenAI Responses.');

export const anthropicMessagesBody = z
  .looseObject({
    model,
    max_tokens: z.int().min(1),
    messages: z.array(z.looseObject({ role: z.enum(['user', 'assistant']) })).min(1),
    stream: z.boolean().optional(),
  })
  .describe('Any body of Anthropic Messages.');

export const countTokensBody = anthropicMessagesBody
  .omit({ max_tokens: true, stream: true })
  .describe('A body of Anthropic Messages; `max_tokens` is not needed.');

export const countTokensAnswer = z.object({ input_tokens: z.int() });

export const inputTokensAnswer = z.object({
  object: z.literal('response.input_tokens'),
  input_tokens: z.int(),
});

export const wireAnswer = z
  .looseObject({ id: z.string() })
  .describe('The answer in the format of the endpoint.');
