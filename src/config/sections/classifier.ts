import { z } from 'zod';
import { id, tier } from './shared.ts';

const canary = z
  .strictObject({
    id: id.describe('Its id below the folder of bundles, or its folder.'),
    share: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe('Share of the sessions it decides for; of single requests where there is no session.'),
    max_escalation_rate: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('It is switched off when more of its requests than this escalate, for sure.'),
    max_down_rate: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('It is switched off when more of its thumbs than this point down, for sure.'),
    min_requests: z
      .int()
      .min(1)
      .default(50)
      .describe('Fewest finished requests, or thumbs, that a limit judges by.'),
    check_every_s: z.int().min(1).max(3_600).default(30).describe('How often the limits are looked at.'),
  })
  .describe(
    "A second bundle that decides for a share of the traffic. It is switched off, until the next start, when the lower bound of a rate's 95 % interval exceeds its limit.",
  );

export const classifier = z
  .strictObject({
    bundle: z
      .string()
      .min(1)
      .default('models')
      .describe(
        'A classifier bundle: its folder, its id below `models/`, or a folder of bundles whose `current` names one. `ROUTER_MODEL` overrides it.',
      ),
    labels: z
      .record(z.string(), tier)
      .optional()
      .describe('Label to tier, for a sequence-classification model whose labels are not tier names.'),
    doubt_below: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe("Confidence below which a prediction is doubtful. Default: the bundle's calibrated value."),
    simple_from: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe(
        "P(simple) below which a prediction `simple` is doubtful too. Default: the bundle's calibrated value, if any.",
      ),
    watch: z
      .boolean()
      .default(true)
      .describe(
        "Load another bundle when the folder's `current` names it. SIGHUP and the admin endpoint do so too.",
      ),
    shadow: id
      .optional()
      .describe(
        'A second bundle, by its id or folder, that decides nothing: its answer is kept with each decision.',
      ),
    canary: canary.optional(),
  })
  .describe('The local classifier.');

export const exploration = z
  .strictObject({
    rate: z
      .number()
      .min(0)
      .max(0.5)
      .default(0)
      .describe(
        'Probability with which a doubtful request goes one tier up (or down, where allowed) by chance. Every decision logs the probability of its tier.',
      ),
    allow_down: z.boolean().default(false).describe('Explore one tier down as well as up.'),
  })
  .describe('Chance in doubtful decisions, by which logs can tell what another threshold would have done.');
