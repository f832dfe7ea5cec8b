/** Items and parts of an answer as they stand on the wire. */
import type { JsonObject } from '../../core/json.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export function textPart(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

export function refusalPart(refusal: string): JsonObject {
  return { type: 'refusal', refusal };
}

export function messageItem(id: string, content: readonly JsonObject[], status: ItemStatus): JsonObject {
  return { id, type: 'message', status, role: 'assistant', content: [...content] };
}

export function summaryPart(text: string): JsonObject {
  return { type: 'summary_text', text };
}

export function reasoningItem(id: string, summary: readonly JsonObject[]): JsonObject {
  return { id, type: 'reasoning', summary: [...summary] };
}

export interface FunctionCall {
  readonly id: string;
  readonly callId: string;
  readonly name: string;
  readonly arguments: string;
}

export function functionCallItem(call: FunctionCall, status: ItemStatus): JsonObject {
  return {
    id: call.id,
    type: 'function_call',
    status,
    arguments: call.arguments,
    call_id: call.callId,
    name: call.name,
  };
}
