import { z } from 'zod';
import { type TIERS, tierRank } from '../../core/tier.ts';
import { id, tier } from './shared.ts';

const share = z.number().min(0).max(1);
const SHA_256 = /^[0-9a-f]{64}$/;
const outputTokens = z.int().min(1).max(1_000_000);

/** Bounds that a route and the policy may set alike. */
export const bounds = {
  min_tier: tier.optional().describe('Lowest tier.'),
  max_tier: tier.optional().describe('Highest tier, escalations included.'),
  quality: share
    .optional()
    .describe('Wanted probability of a good answer: the cheapest tier that reaches it is chosen.'),
  max_cost_usd: z.number().positive().optional().describe('Highest estimated cost of an answer, USD.'),
  max_cost_soft: z
    .boolean()
    .optional()
    .describe('Where no model fits `max_cost_usd`, the cheapest answers instead of an error.'),
  prefer_cost: z
    .boolean()
    .optional()
    .describe('Order of models that would do: the cheapest first (default), or the best declared quality.'),
  upgrades: z
    .boolean()
    .optional()
    .describe('A model asked for by name may be replaced by one of a higher tier; see `route_named_models`.'),
  downgrades: z
    .boolean()
    .optional()
    .describe('A model asked for by name may be replaced by one of a lower tier; see `route_named_models`.'),
  batch_eligible: z.boolean().optional().describe('Its requests can wait: marked for the batch report.'),
};

interface Tiers {
  readonly min_tier?: (typeof TIERS)[number] | undefined;
  readonly max_tier?: (typeof TIERS)[number] | undefined;
}

/** The lowest tier is not above the highest. */
export function tiersInOrder({ min_tier: min, max_tier: max }: Tiers): boolean {
  return !min || !max || tierRank(min) <= tierRank(max);
}

export const tiersOutOfOrder = { message: 'must not be above max_tier', path: ['min_tier'] };

export const rollout = z
  .strictObject({
    share: share.describe('Share of the sessions (else users, else requests) that is routed.'),
    otherwise: id.describe('Tier or model id of the rest.'),
  })
  .describe('Routing for a share of the traffic only. Growing the share keeps those inside that are inside.');

const safetyFloor = z
  .strictObject({
    tier: z.enum(['moderate', 'complex']).describe('Lowest tier of what is recognised.'),
    topics: z
      .array(z.enum(['medical', 'legal', 'financial']))
      .default(['medical', 'legal', 'financial'])
      .describe('Decisions that are recognised, by words and phrases in ten languages.'),
    terms: z
      .array(z.string().min(2).max(100))
      .default([])
      .describe('Further words and phrases; a `*` stands for any ending.'),
    overrides: z
      .enum(['allow', 'refuse'])
      .default('allow')
      .describe('What becomes of a pinned model or forced tier below the floor.'),
  })
  .describe('Questions about such decisions are never answered below a tier. Absent: off.');

export const policy = z
  .strictObject({
    ...bounds,
    route_named_models: z
      .boolean()
      .default(false)
      .describe('A configured model asked for by name is a starting point and not a pin.'),
    model_aliases: z
      .record(id, id)
      .default({})
      .describe(
        'From a name or a pattern with `*` to `auto`, `auto:<tier>` or a model id; the first match wins.',
      ),
    quality_from: z
      .enum(['sufficiency', 'models'])
      .default('sufficiency')
      .describe(
        'What `quality` bounds: the calibrated chance that a tier suffices, or the `quality` that models declare; with the latter the cheapest model that reaches it wins whatever its tier.',
      ),
    model_quality: z
      .strictObject({ simple: share, moderate: share, complex: share })
      .optional()
      .describe('With `quality_from: models`: the declared quality wanted by the tier of a request.'),
    safety_floor: safetyFloor.optional(),
    rollout: rollout.optional(),
    rollout_by_key: z
      .record(z.string(), rollout)
      .refine((byKey) => Object.keys(byKey).every((key) => SHA_256.test(key)), {
        message: 'must be named by the SHA-256 (64 hex digits, lower case) of API keys',
      })
      .default({})
      .describe('In place of `rollout`, by the SHA-256 (hex) of the API key.'),
    batch_discount: share
      .default(0.5)
      .describe(
        "Discount of the providers' batch endpoints, by which the report says what waiting would save.",
      ),
    expected_output_tokens: z
      .strictObject({
        simple: outputTokens.optional(),
        moderate: outputTokens.optional(),
        complex: outputTokens.optional(),
      })
      .default({})
      .describe(
        'Output length assumed in cost estimates, by tier. Default: `execution.expected_output_tokens`, then what recent answers of the tier had.',
      ),
  })
  .refine(tiersInOrder, tiersOutOfOrder)
  .describe('Which models may answer.');
