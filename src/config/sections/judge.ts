import { z } from 'zod';
import { milliseconds } from './shared.ts';

export const judge = z
  .strictObject({
    model: z
      .string()
      .min(1)
      .default('auto')
      .describe(
        'Model id of the nano LLM asked in doubt; `auto` takes the cheapest model of the simple tier, `none` asks nobody (doubt then goes one tier up).',
      ),
    timeout_ms: milliseconds.default(2_000).describe('Deadline of one question.'),
    daily_budget_usd: z
      .number()
      .min(0)
      .default(1)
      .describe('Most that the judge may spend in a UTC day; then doubt goes one tier up.'),
    unknown_cost_usd: z
      .number()
      .min(0)
      .max(100)
      .default(0.001)
      .describe(
        'What a question counts against that budget where its cost is unknown: no price, no usage, no answer in time.',
      ),
    cache_entries: z.int().min(0).max(1_000_000).default(10_000).describe('Answers kept in memory.'),
    cache_ttl_s: z.int().min(1).default(86_400).describe('How long an answer is kept.'),
    breaker_failures: z.int().min(1).default(5).describe('Failures in a row that stop asking for a while.'),
    breaker_cooldown_ms: milliseconds.default(30_000).describe('How long asking then stops.'),
  })
  .describe('The nano-LLM judge.');
