import type { Outcome } from '../core/routing.ts';
import type { Handle } from './handle.ts';
import { inputTokensOf } from './requirements.ts';

/** Input and output tokens of all attempts, 0 where none was billed; undefined where not one of them says. */
function tokensOf({ attempts }: Outcome): number | undefined {
  const known = attempts.flatMap(({ usage }) => (usage ? [usage.inputTokens + usage.outputTokens] : []));
  if (known.length > 0) return known.reduce((sum, tokens) => sum + tokens, 0);
  return attempts.every(({ status, costUsd }) => status !== 'ok' && costUsd === 0) ? 0 : undefined;
}

/**
 * Takes the estimated tokens of the prompt from the caller's limit before anybody is asked, and what was used in the
 * end instead of them. A stream that its client left before a word of its usage keeps the estimate: its prompt was read.
 * What was refused, or never sent, gives it back.
 */
export function withTokenLimits(handle: Handle): Handle {
  return async (request, context) => {
    const { admission } = context;
    if (!admission) return handle(request, context);
    await admission.reserve(inputTokensOf(request));
    const settle = async (outcome: Outcome): Promise<void> => {
      const used = tokensOf(outcome);
      if (used !== undefined) await admission.settle(used);
    };
    try {
      const handled = await handle(request, context);
      const { result } = handled;
      if (result.kind === 'stream') void result.outcome.then(settle);
      else await settle(result.outcome);
      return handled;
    } catch (error) {
      await admission.settle(0);
      throw error;
    }
  };
}
