import type { StopReason } from '../../core/chat.ts';
import { ownValue } from '../../core/json.ts';

const CANONICAL: Readonly<Record<string, StopReason>> = {
  stop: 'stop',
  eos: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop_sequence',
  length: 'length',
  model_length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  tool_calls: 'tool_calls',
  tool_call: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  safety: 'content_filter',
  recitation: 'content_filter',
  refusal: 'refusal',
};

/** Servers write reasons in capitals, and a filter's own after a colon. */
function nameOf(finishReason: string): string {
  return (finishReason.split(':')[0] ?? '').trim().toLowerCase();
}

/** Reasons that tell of a fault of the server: the answer is not complete. */
const INTERRUPTED: ReadonlySet<string> = new Set(['error', 'abort', 'insufficient_system_resource']);

export function isInterrupted(finishReason: string | null | undefined): boolean {
  return INTERRUPTED.has(finishReason ?? '');
}

/** What an answer held besides its stop reason. */
export interface AnswerKinds {
  readonly hasToolCalls: boolean;
  readonly hasRefusal: boolean;
}

/** The canonical reason; some servers say `stop` where the answer is a tool call or a refusal. */
export function decodeStopReason(finishReason: string | null | undefined, kinds: AnswerKinds): StopReason {
  const reason = ownValue(CANONICAL, nameOf(finishReason ?? 'stop')) ?? 'stop';
  if (reason !== 'stop') return reason;
  if (kinds.hasToolCalls) return 'tool_calls';
  return kinds.hasRefusal ? 'refusal' : 'stop';
}

const WIRE: Readonly<Record<StopReason, string>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  stop_sequence: 'stop',
  content_filter: 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
};

/** The wire's reason. A refusal that the answer's `refusal` field tells of is a plain stop. */
export function encodeStopReason(reason: StopReason, hasRefusal: boolean): string {
  return reason === 'refusal' && hasRefusal ? 'stop' : WIRE[reason];
}
