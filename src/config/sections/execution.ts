import { z } from 'zod';
import { milliseconds } from './shared.ts';

export const execution = z
  .strictObject({
    retries: z
      .int()
      .min(0)
      .max(10)
      .default(1)
      .describe('Further tries of the same model on a passing failure.'),
    max_attempts: z
      .int()
      .min(1)
      .max(50)
      .default(6)
      .describe('Models tried for one request, escalations included.'),
    deadline_ms: milliseconds.default(180_000).describe('After this no further attempt starts.'),
    breaker_failures: z.int().min(1).default(5).describe("Failures in a row that open a provider's breaker."),
    breaker_cooldown_ms: milliseconds.default(15_000).describe('How long it then stays open.'),
    expected_output_tokens: z
      .int()
      .min(1)
      .default(400)
      .describe('Output length assumed in cost estimates where the caller gives no ceiling.'),
  })
  .describe('How a plan is carried out.');
