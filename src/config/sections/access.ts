import { z } from 'zod';
import { KEY_SCOPES } from '../../core/access.ts';
import { id, tier } from './shared.ts';

const count = z.int().min(1).max(1_000_000_000);

const limits = {
  requests_per_minute: count.optional().describe('Requests a minute. Absent: no limit.'),
  tokens_per_minute: count.optional().describe('Input and output tokens a minute. Absent: no limit.'),
  concurrent: count.optional().describe('Requests in flight at once. Absent: no limit.'),
};

const key = z
  .strictObject({
    name: id.describe('Shown in logs and lists.'),
    key_env: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/, 'must be the NAME of an environment variable, e.g. ROUTER_KEY_BATCH')
      .optional()
      .describe('Environment variable that holds the key: at least 20 characters, drawn by chance.'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits in lower case')
      .optional()
      .describe('SHA-256 of the key, instead of `key_env`.'),
    team: id.optional().describe('Team whose budget it draws on.'),
    scopes: z
      .array(z.enum(KEY_SCOPES))
      .min(1)
      .default(['chat'])
      .describe('`chat`: call models; `read`: see what was decided for everybody; `admin`: everything.'),
    models: z.array(id).min(1).optional().describe('Models it may use. Absent: all.'),
    tiers: z.array(tier).min(1).optional().describe('Tiers it may be answered from. Absent: all.'),
    expires: z.iso.date().optional().describe('The first day (UTC) on which it is refused.'),
    ...limits,
    budget_day_usd: z.number().min(0).optional().describe('Most it may spend in a UTC day.'),
    budget_month_usd: z.number().min(0).optional().describe('Most it may spend in a UTC month.'),
  })
  .refine((value) => (value.key_env === undefined) !== (value.sha256 === undefined), {
    message: 'set exactly one of key_env and sha256',
  })
  .describe('A key of the configuration.');

export const access = z
  .strictObject({
    auth: z
      .enum(['auto', 'required', 'off'])
      .default('auto')
      .describe(
        '`required`: every request needs a key. `auto`: the same, except that until the first key exists a router that listens on the loopback interface answers programs of its own machine. `off`: nobody is asked.',
      ),
    keys: z
      .array(key)
      .default([])
      .describe(
        'Keys that need no store, beside those that `npm run keys` creates. `ROUTER_API_KEY` adds one more.',
      ),
    public: z
      .array(z.enum(['/metrics', '/openapi.json']))
      .default([])
      .describe('What answers without a key besides `/healthz` and `/readyz`.'),
    limits: z
      .strictObject(limits)
      .prefault({})
      .describe('Limits of a key that has none of its own. Counted in each process for itself.'),
    failed_auth_per_minute: count
      .default(30)
      .describe('Wrong keys a minute from one address; then such requests get 429. Valid keys pass.'),
  })
  .describe('Who may call.');

export const cache = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        'Answer a request that is the same as an earlier one of the same key from memory. Nothing of it is on disk.',
      ),
    ttl_s: z
      .int()
      .min(1)
      .max(86_400)
      .default(300)
      .describe('How long an answer is kept. One whose decision has been forgotten is given no more.'),
    max_entries: z.int().min(1).max(1_000_000).default(10_000).describe('Answers kept.'),
    max_mb: z
      .number()
      .positive()
      .max(65_536)
      .default(64)
      .describe('Memory for answers, MiB; one answer may take a sixteenth of it.'),
    only_temperature_zero: z
      .boolean()
      .default(true)
      .describe(
        'Only requests that set `temperature: 0`. `false`: all, so that a repeated request gets the same words.',
      ),
  })
  .describe('The exact-match response cache.');
