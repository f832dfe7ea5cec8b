import type { ChatResponse, Part } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import type { EncodeContext } from '../../core/ports.ts';
import { itemId, responseId } from './ids.ts';
import {
  functionCallItem,
  type ItemStatus,
  messageItem,
  reasoningItem,
  refusalPart,
  summaryPart,
  textPart,
} from './output-objects.ts';
import { responseObject } from './response-object.ts';
import { encodeStopReason } from './stop-reason.ts';

/** What the parts say as one run: texts and refusals that follow one another are one message. */
type Run =
  | { readonly kind: 'message'; readonly content: JsonObject[] }
  | { readonly kind: 'item'; part: Part };

function runsOf(parts: readonly Part[]): Run[] {
  const runs: Run[] = [];
  for (const part of parts) {
    if (part.type === 'text' || part.type === 'refusal') {
      const content = part.type === 'text' ? textPart(part.text) : refusalPart(part.text);
      const last = runs.at(-1);
      if (last?.kind === 'message') last.content.push(content);
      else runs.push({ kind: 'message', content: [content] });
    } else if (part.type === 'tool_call' || (part.type === 'thinking' && part.text !== '')) {
      runs.push({ kind: 'item', part });
    }
  }
  return runs;
}

/** The output items. Only the last can have been cut short. Signatures stay with the model that made them. */
function encodeOutput(parts: readonly Part[], id: string, end: ItemStatus): JsonObject[] {
  const runs = runsOf(parts);
  return runs.flatMap((run, index): JsonObject[] => {
    const status = index === runs.length - 1 ? end : 'completed';
    if (run.kind === 'message') return [messageItem(itemId('message', id, index), run.content, status)];
    const { part } = run;
    if (part.type === 'thinking') {
      return [reasoningItem(itemId('reasoning', id, index), [summaryPart(part.text)])];
    }
    if (part.type !== 'tool_call') return [];
    const call = { callId: part.id, name: part.name, arguments: part.arguments };
    return [functionCallItem({ id: itemId('function_call', id, index), ...call }, status)];
  });
}

/** See Dialect.encodeResponse. Thinking goes out as the summary of a reasoning item. */
export function encodeResponse(response: ChatResponse, context: EncodeContext): JsonObject {
  if (response.dialect === 'openai-responses') return response.raw;
  const hasRefusal = response.content.some((part) => part.type === 'refusal');
  const { status, incomplete_details } = encodeStopReason(response.stopReason, hasRefusal);
  const id = responseId(response.id, context.createdAt);
  const fields = {
    id,
    createdAt: context.createdAt,
    model: response.model,
    status,
    incompleteDetails: incomplete_details,
    output: encodeOutput(response.content, id, status),
    usage: response.usage,
  };
  return responseObject(fields, context.request);
}
