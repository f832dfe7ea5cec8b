import type { ChatEvent, ChatResponse, StreamFrame, Usage } from '../../src/core/chat.ts';
import { RouterError } from '../../src/core/errors.ts';
import type { Provider, ProviderCall } from '../../src/core/ports.ts';

/** What one call does: an answer, a failure, or a stream of events (a function among them is run in its place). */
export type Move =
  | { readonly text: string; readonly usage?: Usage | null; readonly dropped?: readonly string[] }
  | { readonly error: RouterError }
  | {
      readonly events: readonly (ChatEvent | (() => void | Promise<void>))[];
      readonly dropped?: readonly string[];
    }
  | { readonly hang: true };

export interface FakeProvider extends Provider {
  readonly calls: readonly ProviderCall[];
  /** Streams that were returned: read to their end or given up by their reader. */
  readonly returned: number;
}

export const USAGE: Usage = {
  inputTokens: 100,
  outputTokens: 50,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

export function responseOf(text: string, usage: Usage | null = USAGE): ChatResponse {
  return {
    dialect: 'openai-chat',
    raw: {},
    id: 'r',
    model: 'm',
    content: [{ type: 'text', text }],
    stopReason: 'stop',
    ...(usage ? { usage } : {}),
  };
}

/** The events of a proper stream, one word a delta. */
export function eventsOf(text: string, usage: Usage | null = USAGE): ChatEvent[] {
  const words = text.match(/\S+\s*/g) ?? [];
  return [
    { type: 'start', id: 'r', model: 'm' },
    ...words.map((word): ChatEvent => ({ type: 'text', text: word })),
    { type: 'finish', stopReason: 'stop', ...(usage ? { usage } : {}) },
  ];
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const gone = (): void => reject(new RouterError('client_closed', 'The client went away.'));
    if (signal.aborted) gone();
    else signal.addEventListener('abort', gone, { once: true });
  });
}

/**
 * A provider that makes the moves of its script, one a call, by upstream model. A model without moves left repeats
 * its last one.
 */
export function createFakeProvider(
  script: Readonly<Record<string, readonly Move[]>>,
  id = 'fake',
): FakeProvider {
  const calls: ProviderCall[] = [];
  const made = new Map<string, number>();
  let returned = 0;

  function moveFor(model: string): Move {
    const moves = script[model] ?? [];
    const turn = made.get(model) ?? 0;
    made.set(model, turn + 1);
    const move = moves[Math.min(turn, moves.length - 1)];
    if (!move) throw new Error(`the script has no move for ${model}`);
    return move;
  }

  async function* frames(
    events: readonly (ChatEvent | (() => void | Promise<void>))[],
  ): AsyncGenerator<StreamFrame> {
    try {
      for (const event of events) {
        if (typeof event === 'function') await event();
        else yield { raw: `data: ${event.type}\n\n`, events: [event] };
      }
    } finally {
      returned += 1;
    }
  }

  return {
    id,
    calls,
    get returned() {
      return returned;
    },
    async complete(call) {
      calls.push(call);
      const move = moveFor(call.upstreamModel);
      if ('hang' in move) return hang(call.signal);
      if ('error' in move) throw move.error;
      if (!('text' in move)) throw new Error('the script streams where a whole answer is asked for');
      return { response: responseOf(move.text, move.usage), dropped: move.dropped ?? [] };
    },
    async stream(call) {
      calls.push(call);
      const move = moveFor(call.upstreamModel);
      if ('hang' in move) return hang(call.signal);
      if ('error' in move) throw move.error;
      const events = 'events' in move ? move.events : eventsOf(move.text, move.usage);
      return { dialect: 'openai-chat', dropped: move.dropped ?? [], frames: frames(events) };
    },
  };
}
