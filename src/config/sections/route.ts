import { z } from 'zod';
import { commitMode } from './execution.ts';
import { bounds, rollout, tiersInOrder, tiersOutOfOrder } from './policy.ts';
import { id, tier } from './shared.ts';

export const route = z
  .strictObject({
    name: id.describe('Shown in decisions and stats.'),
    match: z
      .strictObject({
        path: z
          .string()
          .startsWith('/')
          .optional()
          .describe('Request path; a trailing `*` matches any rest.'),
        headers: z.record(z.string(), z.string()).optional().describe('Header values, names in any case.'),
        metadata: z.record(z.string(), z.string()).optional().describe("Values of the body's `metadata`."),
        task: z
          .union([id, z.array(id).min(1)])
          .optional()
          .describe('Type of task, or several: the header `x-router-task`, else `task` of the `metadata`.'),
        api_key_sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .optional()
          .describe("SHA-256 (hex) of the caller's API key."),
      })
      .refine((match) => Object.values(match).some((value) => value !== undefined), {
        message: 'must name at least one of path, headers, metadata, task, api_key_sha256',
      })
      .describe('All that is named must match.'),
    tier: tier.optional().describe('Tier of its requests; absent: the classifier decides.'),
    model: id.optional().describe('Model of its requests, instead of a tier.'),
    max_output_tokens: z.int().min(1).optional().describe('Ceiling where the caller gives none.'),
    expected_output_tokens: z
      .int()
      .min(1)
      .optional()
      .describe('Output length assumed in its cost estimates; default: that of the tier.'),
    ...bounds,
    safety_floor: z.boolean().default(true).describe('`policy.safety_floor` looks at its requests.'),
    rollout: rollout.optional(),
    validators: z
      .array(id)
      .optional()
      .describe('Names of validators its answers must pass; absent: `default_validators`, `[]`: none.'),
    commit: commitMode.optional().describe('When its streams are sent on; see `execution.commit`.'),
  })
  .refine((value) => !(value.tier && value.model), {
    message: 'set tier or model, not both',
    path: ['model'],
  })
  .refine(tiersInOrder, tiersOutOfOrder)
  .describe('A static route; the first match wins.');
