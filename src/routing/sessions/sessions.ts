/** Sessions around the two ports they concern: what is decided, and what was answered. */
import type { StreamFrame, Usage } from '../../core/chat.ts';
import type { RequestContext } from '../context.ts';
import type { Decide } from '../decide.ts';
import type { Handle, Handled } from '../handle.ts';
import { type ArrangeDeps, arrange } from './session-arrange.ts';
import type { SessionMemory } from './session-memory.ts';

export interface DecideParts {
  readonly memory: Pick<SessionMemory, 'recall'>;
  /** Decides without chance. */
  readonly steady: Decide;
}

/**
 * Decides with the caches of the conversation in mind. A conversation whose cache is warm is never explored: there the
 * choice depends on what was chosen before, so that its tier has probability 1 and is logged with it. Otherwise a log
 * would hold tiers that were drawn by chance beside models that were not.
 */
export function withSessions(decide: Decide, { memory, steady }: DecideParts, deps: ArrangeDeps): Decide {
  return async (request, context) => {
    const known = memory.recall(request, context);
    const decision = await (known.warm.size > 0 ? steady : decide)(request, context);
    return arrange(decision, request, known, deps);
  };
}

/** The usage that the frames report, once they have ended. */
async function* watched(
  frames: AsyncIterable<StreamFrame>,
  ended: (usage: Usage | undefined) => void,
): AsyncGenerator<StreamFrame> {
  let usage: Usage | undefined;
  let answered = false;
  try {
    for await (const frame of frames) {
      for (const event of frame.events) {
        if (event.type === 'start' || event.type === 'finish') usage = event.usage ?? usage;
        if (event.type === 'finish') answered = true;
      }
      yield frame;
    }
  } finally {
    ended(answered ? usage : undefined);
  }
}

/** Remembers which model answered what, and how much of it was cached. */
export function withSessionMemory(handle: Handle, memory: Pick<SessionMemory, 'remember'>): Handle {
  return async (request, context: RequestContext) => {
    const handled: Handled = await handle(request, context);
    const { decision, candidate, result } = handled;
    if (!candidate || result.kind === 'error') return handled;
    const remember = (usage: Usage | undefined): void => {
      const { model, tier } = candidate;
      const { inputTokens, agentCall } = decision;
      memory.remember(request, context, {
        model,
        tier,
        inputTokens,
        usage,
        agentCall: agentCall !== undefined,
      });
    };
    if (result.kind === 'stream')
      return { ...handled, result: { ...result, frames: watched(result.frames, remember) } };
    remember(result.response.usage);
    return handled;
  };
}
