/** Request and response bodies of the router's own endpoints. Validation and the OpenAPI document both come from here. */
import { z } from 'zod';
import { BREAKER_STATES } from '../core/health.ts';
import { DECISION_SOURCES } from '../core/routing.ts';
import { TIERS } from '../core/tier.ts';
import { ALARMS } from '../routing/monitoring/alarms.ts';

const tierSchema = z.enum(TIERS);
const probability = z.number().min(0).max(1);
const perTier = <T extends z.ZodType>(value: T) =>
  z.object({ simple: value, moderate: value, complex: value });

const message = z
  .looseObject({
    role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
    content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()]).optional(),
  })
  .describe('A message as in Chat Completions.');

/** A request in the router's own words: a prompt, or messages, and whatever else Chat Completions knows. */
export const routeRequest = z
  .looseObject({
    prompt: z.string().min(1).optional().describe('The prompt; instead of `messages`.'),
    messages: z.array(message).min(1).optional().describe('A conversation; instead of `prompt`.'),
    model: z
      .string()
      .min(1)
      .default('auto')
      .describe('`auto`, `auto:simple`, `auto:moderate`, `auto:complex`, or a configured model id.'),
    metadata: z.record(z.string(), z.string()).optional().describe('Passed on; static routes can match it.'),
  })
  .refine((body) => (body.prompt === undefined) !== (body.messages === undefined), {
    message: 'give either prompt or messages, and not both',
    path: ['prompt'],
  })
  .describe(
    'Fields of Chat Completions (tools, response_format, max_completion_tokens …) are accepted beside these.',
  );

const MAX_BATCH = 1_000;

const batch = z.array(routeRequest).min(1).max(MAX_BATCH, `at most ${MAX_BATCH} at once`);

/** Several requests. */
export const classifyBatch = z
  .strictObject({
    inputs: batch,
    path: z.string().startsWith('/').optional().describe('The endpoint whose static routes apply.'),
  })
  .describe('A batch.');

/** One request, or up to a thousand. */
export const classifyRequest = z.union([classifyBatch, routeRequest]);

const usage = z
  .object({
    input_tokens: z.int(),
    output_tokens: z.int(),
    cached_input_tokens: z.int(),
    cache_write_tokens: z.int(),
    reasoning_tokens: z.int(),
  })
  .describe('Totals; cached and reasoning tokens are part of them.');

const decisionSummary = z.object({
  tier: tierSchema,
  confidence: probability,
  sufficiency: perTier(probability)
    .nullable()
    .describe('P(this tier is good enough); null where no classifier was asked.'),
  source: z.enum(DECISION_SOURCES).describe('Who chose the tier.'),
  model: z.string().nullable().describe('The model that answered, or would be asked first.'),
  reasons: z.array(z.string()),
  agent_call: z.string().optional().describe('Kind of the call that a coding agent made on its own account.'),
  bounds: z
    .object({
      min_tier: tierSchema,
      max_tier: tierSchema,
      quality: probability.optional(),
      max_cost_usd: z.number().optional(),
      moved_from: tierSchema.optional().describe('The tier without the limits, where they moved it.'),
      from: z.array(z.string()).describe('What set the limits.'),
      yielded: z.array(z.string()).optional(),
      safety_topic: z.string().optional(),
    })
    .optional()
    .describe('What limited the choice; absent where nothing did.'),
  batch_eligible: z.literal(true).optional(),
});

const dryRun = decisionSummary.extend({
  plan: z
    .object({
      candidates: z.array(
        z.object({
          model: z.string(),
          tier: tierSchema,
          estimated_cost_usd: z.number().nullable(),
          reason: z.string(),
        }),
      ),
      excluded: z.array(z.object({ model: z.string(), tier: tierSchema, reason: z.string() })),
    })
    .describe('What would be asked, in order, and what is left out.'),
});

export const routeResponse = decisionSummary.extend({
  decision_id: z.string(),
  response: z.string().describe("The answer's text."),
  tool_calls: z.array(z.object({ id: z.string(), name: z.string(), arguments: z.string() })).optional(),
  usage: usage.nullable(),
  cost_usd: z.number().nullable().describe('All attempts and the judge; null where a part is unknown.'),
});

export const classifyResponse = z.union([
  dryRun,
  z.object({ results: z.array(decisionSummary) }).describe('In the order of the inputs.'),
]);

const comment = z.string().min(1).max(4_000);

/** Feedback on one decision: exactly one of rating, score, tier, outcome and revoke, or a comment, alone or beside a signal. */
export const feedbackRequest = z
  .strictObject({
    decision_id: z.string().min(1),
    rating: z.enum(['up', 'down']).optional(),
    score: probability.optional().describe('0 (useless) to 1 (perfect).'),
    tier: tierSchema.optional().describe('The tier it should have been.'),
    outcome: z
      .strictObject({
        simple: z.boolean().optional(),
        moderate: z.boolean().optional(),
        complex: z.boolean().optional(),
      })
      .refine((tiers) => Object.keys(tiers).length > 0, { message: 'name at least one tier' })
      .optional()
      .describe('Measured elsewhere: was the answer of this tier good enough?'),
    comment: comment.optional(),
    revoke: z.literal(true).optional().describe('Takes all live feedback on the decision back.'),
  })
  .refine(
    (body) =>
      [body.rating, body.score, body.tier, body.outcome, body.comment, body.revoke].some(
        (it) => it !== undefined,
      ),
    {
      message: 'give one of rating, score, tier, outcome, comment, revoke',
      path: ['rating'],
    },
  )
  .refine(
    (body) => [body.rating, body.score, body.tier, body.outcome].filter((it) => it !== undefined).length <= 1,
    { message: 'give only one of rating, score, tier, outcome at a time', path: ['rating'] },
  )
  .refine((body) => body.revoke === undefined || Object.keys(body).length === 2, {
    message: 'revoke stands alone beside decision_id',
    path: ['revoke'],
  });

export const feedbackResponse = z.object({
  decision_id: z.string(),
  recorded: z.array(z.enum(['rating', 'score', 'tier', 'outcome', 'comment'])),
  replaced: z.boolean().describe('It took the place of earlier feedback.'),
  revoked: z.int().describe('How many were taken back.'),
});

/** `30m`, `24h`, `7d`. */
const WINDOW = /^(\d{1,6})(m|h|d)$/;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const statsQuery = z.strictObject({
  from: z.iso.datetime({ offset: true }).or(z.iso.date()).optional().describe('Start, ISO 8601, inclusive.'),
  to: z.iso
    .datetime({ offset: true })
    .or(z.iso.date())
    .optional()
    .describe('End, ISO 8601, exclusive. Default: now.'),
  window: z
    .string()
    .regex(WINDOW, 'must be a number and m, h or d, e.g. 24h')
    .default('24h')
    .describe('Length where no start is given.'),
});

/** The window a query names, in Unix milliseconds. */
export function windowOf(query: z.output<typeof statsQuery>, now: number): { from: number; to: number } {
  const to = query.to === undefined ? now + 1 : Date.parse(query.to);
  const [, count = '24', unit = 'h'] = WINDOW.exec(query.window) ?? [];
  const length = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return { from: query.from === undefined ? to - length : Date.parse(query.from), to };
}

const percentiles = z.object({ p50: z.number().nullable(), p99: z.number().nullable() });

const statsRow = z.object({
  requests: z.int(),
  ok: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  escalated: z.int(),
  escalation_rate: z.number().nullable(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cached_input_tokens: z.int(),
  reasoning_tokens: z.int(),
  cost_usd: z.number(),
  unknown_cost: z.int().describe('Requests whose cost is unknown and missing from cost_usd.'),
  latency_ms: percentiles,
  decision_ms: percentiles,
  feedback: z.object({
    up: z.int(),
    down: z.int(),
    scores: z.int(),
    mean_score: z.number().nullable(),
    corrections: z.int(),
    comments: z.int(),
  }),
});

const savedBounds = z.object({ low: z.number(), high: z.number() }).nullable();

const share = z
  .object({
    count: z.int(),
    of: z.int(),
    rate: z.number().nullable(),
    low: z.number().nullable(),
    high: z.number().nullable(),
  })
  .describe('A share with its 95 % interval (Wilson).');

const classifierRow = z.object({
  requests: z.int(),
  tiers: perTier(share),
  escalations: share.describe('Of the finished requests.'),
  thumbs_down: share.describe('Of the live thumbs.'),
  shadow_agreement: z.record(z.string(), share).describe('By shadow: how often it named the same tier.'),
});

const lineup = z.object({
  serving: z.string().nullable().describe('Null where keyword rules decide.'),
  canary: z
    .object({ id: z.string(), share: z.number(), on: z.boolean(), reason: z.string().optional() })
    .optional(),
  shadow: z.object({ id: z.string(), on: z.boolean(), skipped: z.int() }).optional(),
});

export const statsResponse = z.object({
  window: z.object({ from: z.iso.datetime(), to: z.iso.datetime() }),
  total: statsRow,
  by_tier: perTier(statsRow).describe('By the tier that was decided.'),
  by_model: z.record(z.string(), statsRow).describe('By the model that answered.'),
  by_source: z.record(z.string(), z.int()),
  savings: z
    .object({
      requests: z.int(),
      cost_usd: z.number(),
      baseline_cost_usd: z
        .number()
        .describe('The same tokens at the declared counterfactual, 0 for a request that nothing answered.'),
      saved_usd: z.number(),
      saved_share: z.number().nullable(),
      unknown: z.int().describe('Requests left out because their cost or their baseline is unknown.'),
      over_requests: savedBounds.describe(
        '95 % interval of saved_usd by resampling requests; null below two of them.',
      ),
      over_days: savedBounds.describe(
        'The same by resampling UTC days, whose requests are alike; null below five of them.',
      ),
      counterfactuals: z
        .record(z.string(), z.int())
        .describe('Requests by the model they are compared with.'),
      assumption: z.string().describe('What the figures take for granted.'),
    })
    .describe('Over requests whose cost and baseline are both known.'),
  by_classifier: z.record(z.string(), classifierRow).describe('By the bundle that classified.'),
  alarms: z
    .array(
      z.object({
        name: z.enum(ALARMS),
        says: z.string(),
        value: z.number(),
        bound: z.number().describe('The value from which it is raised.'),
      }),
    )
    .describe(
      'What has drifted or collapsed: this window against the one of the same length before it or, for lengths, facts and tokens, against the rows the serving bundle was trained on; `says` names which.',
    ),
  lineup: lineup.describe('Which bundles serve now, and why a canary does not.'),
});

export const decisionResponse = z.object({
  decision: z.looseObject({ id: z.string(), tier: tierSchema, reasons: z.array(z.string()) }),
  outcome: z.looseObject({ status: z.enum(['ok', 'failed', 'cancelled']) }).nullable(),
  feedback: z.array(z.looseObject({ id: z.string(), kind: z.string() })),
});

export const modelResponse = z.looseObject({ id: z.string(), object: z.literal('model') });

export const modelsResponse = z.object({ object: z.literal('list'), data: z.array(modelResponse) });

export const healthResponse = z.object({ status: z.string() });
export const readyResponse = z.object({
  status: z.enum(['ready', 'unavailable']),
  checks: z.record(z.string(), z.string()),
  notes: z
    .record(z.string(), z.string())
    .optional()
    .describe('What is amiss without keeping it from serving.'),
  providers: z
    .array(
      z.object({
        provider: z.string(),
        callable: z.boolean().describe('A call made now would reach it, or wait in line for it.'),
        breaker: z.enum(BREAKER_STATES),
        since: z.iso.datetime().describe('Last change of the breaker, or the start.'),
        retry_at: z.iso.datetime().optional().describe('When an open breaker lets one call try.'),
        last_error: z.object({ code: z.string(), at: z.iso.datetime() }).optional(),
        in_flight: z.int(),
        queued: z.int(),
        keys: z.array(
          z.object({
            key: z.int().describe('Its place in the configuration.'),
            cooling: z.array(
              z.object({ model: z.string().optional(), until: z.iso.datetime(), code: z.string() }),
            ),
          }),
        ),
      }),
    )
    .describe('The upstreams that serve a model.'),
});
