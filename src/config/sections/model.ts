import { z } from 'zod';
import { id, tier, usdPerMillion } from './shared.ts';

const price = z
  .strictObject({
    input: usdPerMillion.describe('USD per million input tokens.'),
    output: usdPerMillion.describe('USD per million output tokens.'),
    cached_input: usdPerMillion.optional().describe('USD per million input tokens read from a prompt cache.'),
    cache_write: usdPerMillion.optional().describe('USD per million input tokens written to a prompt cache.'),
    as_of: z.iso.date().describe('The day the price was read.'),
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
    max_output_tokens: z.int().min(1).optional().describe('Most tokens it can write.'),
    tools: z.boolean().default(true).describe('It can call tools.'),
    vision: z.boolean().default(false).describe('It reads images.'),
    json: z.boolean().default(true).describe('It honours JSON mode and JSON schemas.'),
    streaming: z.boolean().default(true).describe('It streams.'),
    refuses: z.array(z.string().min(1)).default([]).describe('Body fields this model refuses.'),
  })
  .describe('A model.');
