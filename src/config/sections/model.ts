import { z } from 'zod';
import { id, tier, usdPerMillion } from './shared.ts';

const unitPrices = {
  input: usdPerMillion.describe('USD per million input tokens.'),
  output: usdPerMillion.describe('USD per million output tokens, reasoning included.'),
  cached_input: usdPerMillion
    .optional()
    .describe('USD per million input tokens read from a prompt cache. Default: `input`.'),
  cache_write: usdPerMillion
    .optional()
    .describe('USD per million input tokens written to a prompt cache. Default: `input`.'),
  cache_write_1h: usdPerMillion
    .optional()
    .describe('The same where they are kept for an hour. Default: `cache_write`.'),
};

const price = z
  .strictObject({
    ...unitPrices,
    as_of: z.iso.date().describe('The day the price was read.'),
    above: z
      .array(
        z.strictObject({
          tokens: z.int().min(1).describe('A prompt with more tokens than this is billed so, all of it.'),
          ...unitPrices,
        }),
      )
      .default([])
      .describe('Prices of long prompts; the highest bound that is passed counts.'),
  })
  .describe('Price; without it every cost of the model is unknown (never zero).');

export const model = z
  .strictObject({
    id: id.describe('Our name for it; a request with this model is pinned to it.'),
    provider: id.describe('Id of the provider that serves it.'),
    upstream_model: z.string().min(1).optional().describe("The provider's name for it. Default: `id`."),
    tier: tier.describe('The tier it serves.'),
    price: price.optional(),
    context_window: z.int().min(256).default(128_000).describe('Tokens.'),
    own_output_window: z
      .boolean()
      .default(false)
      .describe('The answer takes nothing from `context_window`; otherwise room is kept for it.'),
    quality: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('How good its answers are, 0 to 1, by your own measure; see `policy.quality_from`.'),
    aliases: z
      .array(id)
      .default([])
      .describe(
        'Other names a request may pin it by, with `*` for any text. Its id with a vendor prefix, a date or `-latest` is known without.',
      ),
    max_output_tokens: z.int().min(1).optional().describe('Most tokens it can write.'),
    tools: z.boolean().default(true).describe('It can call tools.'),
    vision: z.boolean().default(false).describe('It reads images.'),
    json: z.boolean().default(true).describe('It honours JSON mode.'),
    json_schema: z.boolean().optional().describe('It honours JSON schemas. Default: as `json`.'),
    parallel_tools: z
      .boolean()
      .optional()
      .describe('It calls several tools in one answer. Default: as `tools`.'),
    streaming: z.boolean().default(true).describe('It streams.'),
    logprobs: z
      .boolean()
      .default(false)
      .describe(
        'It gives token log-probabilities (chat completions); `confidence` validators then ask for them.',
      ),
    refuses: z.array(z.string().min(1)).default([]).describe('Body fields this model refuses.'),
  })
  .describe('A model.');
