import { z } from 'zod';
import { id, tier } from './shared.ts';

const usd = z.number().min(0).max(1e9);

export const money = z
  .strictObject({
    counterfactual: z
      .string()
      .min(1)
      .default('complex')
      .describe(
        'What savings are measured against: a model id, or a tier, whose first choice for each request is then meant. The same tokens are priced at that model: it is assumed to write as much as the model that answered.',
      ),
    unknown_cost_usd: usd
      .default(0.01)
      .describe('What a call counts against budgets where neither its cost nor an estimate is known.'),
    price_max_age_days: z
      .int()
      .min(1)
      .max(36_500)
      .default(180)
      .describe('A price read longer ago is warned of at start.'),
  })
  .describe('How money is counted.');

const limit = z
  .strictObject({
    soft: usd.optional().describe('USD from which answers carry a warning in `x-router-budget`.'),
    hard: usd.optional().describe('USD from which requests are refused until the day or month is over.'),
  })
  .refine(({ soft, hard }) => soft === undefined || hard === undefined || soft <= hard, {
    message: 'soft must not be above hard',
    path: ['soft'],
  });

const budget = z
  .strictObject({
    day: limit.optional().describe('In a UTC day.'),
    month: limit.optional().describe('In a calendar month, UTC.'),
  })
  .describe('Limits in USD.');

export const budgets = z
  .strictObject({
    global: budget.optional(),
    keys: z
      .record(id, budget)
      .default({})
      .describe('By the name of an API key, or its label (first 16 hex digits of its SHA-256).'),
    teams: z.record(id, budget).default({}).describe('By team.'),
    on_soft: z
      .enum(['warn', 'cheaper'])
      .default('warn')
      .describe('`cheaper`: past a soft limit, routed requests are also capped at `soft_max_tier`.'),
    soft_max_tier: tier.default('moderate').describe('The highest tier of routed requests then.'),
  })
  .describe('What may be spent.');
