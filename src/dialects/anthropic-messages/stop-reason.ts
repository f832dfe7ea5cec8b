import type { StopReason } from '../../core/chat.ts';
import { ownValue } from '../../core/json.ts';

const CANONICAL: Readonly<Record<string, StopReason>> = {
  end_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  stop_sequence: 'stop_sequence',
  tool_use: 'tool_calls',
  pause_turn: 'pause',
  refusal: 'refusal',
};

const WIRE: Readonly<Record<StopReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  stop_sequence: 'stop_sequence',
  content_filter: 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
};

/** The canonical reason; one that nobody here has heard of is a plain stop. */
export function decodeStopReason(reason: string | null | undefined): StopReason {
  return ownValue(CANONICAL, reason ?? 'end_turn') ?? 'stop';
}

export function encodeStopReason(reason: StopReason): string {
  return WIRE[reason];
}
