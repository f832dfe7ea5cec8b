import type { Outcome } from '../core/routing.ts';
import type { Handle } from './handle.ts';
import { inputTokensOf } from './requirements.ts';

/** Input and output tokens of all attempts; undefined where not one of them says. */
function tokensOf({ attempts }: Outcome): number | undefined {
  const known = attempts.flatMap(({ usage }) => (usage ? [usage.inputTokens + usage.outputTokens] : []));
  return known.length === 0 ? undefined : known.reduce((sum, tokens) => sum + tokens, 0);
}

/**
 * Takes the estimated tokens of the prompt from the caller's limit before anybody is asked, and what was used in the
 * end instead of them. What failed without a word of its usage keeps the estimate only where something was sent.
 */
export function withTokenLimits(handle: Handle): Handle {
  return async (request, context) => {
    const { admission } = context;
    if (!admission) return handle(request, context);
    await admission.reserve(inputTokensOf(request));
    const settle = async (outcome: Outcome): Promise<void> => {
      const used = tokensOf(outcome) ?? (outcome.attempts.length === 0 ? 0 : undefined);
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
