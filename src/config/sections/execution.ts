import { z } from 'zod';
import { COMMIT_MODES } from '../../core/routing.ts';
import { milliseconds } from './shared.ts';

/** Names in the order in which they hold more back. */
export const commitMode = z.enum(COMMIT_MODES);

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
    max_calls: z
      .int()
      .min(1)
      .max(200)
      .default(12)
      .describe('Upstream calls made for one request in total: models, retries and further keys of a pool.'),
    deadline_ms: milliseconds
      .default(180_000)
      .describe(
        'Most that a request may take until its answer is complete or its stream begins to reach the client: an attempt under way is ended, none starts.',
      ),
    commit: z
      .enum(['auto', ...COMMIT_MODES])
      .default('auto')
      .describe(
        'When a stream is sent on, after which no other model can take over: `direct` with its first content (validators only label), `prefix` once its beginning has passed the validators that can judge one (the others only label), `buffered` once all of it has passed. `auto`: buffered where the route has validators, else direct.',
      ),
    prefix_characters: z
      .int()
      .min(1)
      .max(100_000)
      .default(160)
      .describe('Characters of text or tool arguments that `prefix` holds back.'),
    prefix_events: z
      .int()
      .min(1)
      .max(10_000)
      .default(64)
      .describe('Pieces of content, reasoning included, after which `prefix` waits for no more characters.'),
    breaker_failures: z.int().min(1).default(5).describe("Failures in a row that open a provider's breaker."),
    breaker_cooldown_ms: milliseconds.default(15_000).describe('How long it then stays open.'),
    expected_output_tokens: z
      .int()
      .min(1)
      .default(400)
      .describe('Output length assumed in cost estimates where the caller gives no ceiling.'),
  })
  .describe('How a plan is carried out.');
