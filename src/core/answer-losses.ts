/** What an answer loses on its way to a client of another dialect. No encoder sends what is named here. */
import type { ChatEvent, ChatResponse, Part } from './chat.ts';

/** Names of what only the answering model can read again; thinking goes out without them. */
const SIGNATURE = 'thinkingSignature';
const REDACTED = 'redactedThinking';
/** A turn that the provider wants continued reads like one that is complete. */
const PAUSE = 'pause';

function ofPart(part: Part): string[] {
  if (part.type === 'opaque') return [part.kind];
  if (part.type !== 'thinking') return [];
  return [
    ...(part.signature === undefined ? [] : [SIGNATURE]),
    ...(part.redacted === undefined ? [] : [REDACTED]),
  ];
}

/** The names of what is lost, each once, in order. */
export function lossesOf(response: Pick<ChatResponse, 'content' | 'stopReason'>): readonly string[] {
  const pause = response.stopReason === 'pause' ? [PAUSE] : [];
  return [...new Set([...response.content.flatMap(ofPart), ...pause])];
}

/** The name of what is lost with an event of a stream; undefined where nothing is. */
export function lossOf(event: ChatEvent): string | undefined {
  switch (event.type) {
    case 'opaque':
      return event.kind;
    case 'thinking_signature':
      return SIGNATURE;
    case 'redacted_thinking':
      return REDACTED;
    case 'finish':
      return event.stopReason === 'pause' ? PAUSE : undefined;
    default:
      return undefined;
  }
}
