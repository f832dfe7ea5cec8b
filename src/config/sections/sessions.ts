import { z } from 'zod';
import { tier } from './shared.ts';

const agentCalls = z
  .strictObject({
    recognise: z
      .boolean()
      .default(true)
      .describe('Recognise them. Off: they are routed like what people ask, and learnt from.'),
    title: tier.default('simple').describe('Titles of conversations, tasks and branches.'),
    topic: tier.default('simple').describe('Whether a message begins a new topic.'),
    suggestion: tier.default('simple').describe('What the user may ask next.'),
    probe: tier.default('simple').describe('Whether key, quota and model are there.'),
    summary: tier
      .default('moderate')
      .describe('Summaries by which a long conversation goes on: a bad one spoils all that follows.'),
    safety_check: tier
      .default('moderate')
      .describe(
        'Whether an action is safe. Never below the tier that last answered its session, where the session is named.',
      ),
  })
  .describe(
    "Calls that coding agents make on their own account, and the tier of each kind. They skip the classifier and the validators; a pinned model, a forced tier and a static route's tier go before.",
  );

export const sessions = z
  .strictObject({
    sticky: z
      .boolean()
      .default(true)
      .describe(
        'Keep a conversation at its model while its prompt cache makes that cheaper than another. Harder requests go up all the same.',
      ),
    ttl_s: z
      .int()
      .min(1)
      .max(86_400)
      .default(300)
      .describe(
        "How long a prompt cache stays warm after its last use: Anthropic's default is five minutes.",
      ),
    further_turns: z
      .number()
      .min(0)
      .max(100)
      .default(2)
      .describe('Requests that are expected to follow at the model that is chosen now, in the arithmetic.'),
    least_tokens: z
      .int()
      .min(0)
      .default(1_024)
      .describe('Shorter prompts are not cached by providers that cache by themselves.'),
    entries: z.int().min(1).max(1_000_000).default(10_000).describe('Conversations remembered at most.'),
    signatures: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(100_000)
      .describe('Signatures of thinking remembered at most, each with the model that made it.'),
    agent_calls: agentCalls.prefault({}),
  })
  .describe('Conversations: prompt caches, and what coding agents ask on their own account.');
