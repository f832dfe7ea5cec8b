import { z } from 'zod';

export const store = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .default('.router/router.db')
      .describe('SQLite file, created when missing; `:memory:` keeps nothing. `ROUTER_STORE` overrides it.'),
    text: z
      .enum(['full', 'redacted', 'features', 'none'])
      .default('redacted')
      .describe(
        'What is kept of a prompt: all of it (`full`); all but secrets, e-mail addresses, phone and card numbers (`redacted`); the token ids of the bundle that serves at start, after the same redaction (`features`: common words can be read back with the bundle, rare words, names and digits cannot); or nothing (`none`: such rows cannot be trained on).',
      ),
    retention_days: z
      .number()
      .positive()
      .max(36_500)
      .optional()
      .describe(
        'Decisions older than this are deleted with their outcomes and feedback, at start and every hour. Absent: kept for ever.',
      ),
  })
  .describe('Where decisions, outcomes and feedback are kept.');
