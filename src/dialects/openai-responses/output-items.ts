import { z } from 'zod';
import type { Part } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { parseAt } from '../validate.ts';
import { decodeReasoning } from './reasoning-item.ts';

const messageItem = z.looseObject({
  content: z.array(
    z.looseObject({ type: z.string(), text: z.string().nullish(), refusal: z.string().nullish() }),
  ),
});
const functionCall = z.looseObject({
  id: z.string().nullish(),
  call_id: z.string().nullish(),
  name: z.string(),
  arguments: z.string().nullish(),
});

/** What a text refers to. The other dialects' forms of it differ, so that it stays with its own. */
export const ANNOTATIONS = 'annotations';

/** The name of what a message lacks elsewhere that is not the answer but said on the way to it. */
export const PHASE = 'phase';

/** True for a message that other dialects cannot tell from the answer. */
export function hasPhase(item: JsonObject): boolean {
  return typeof item.phase === 'string' && item.phase !== 'final_answer';
}

function opaque(kind: string, raw: JsonObject): Part {
  return { type: 'opaque', dialect: 'openai-responses', kind, raw };
}

function decodeMessage(item: JsonObject, path: string): Part[] {
  const { content } = parseAt(messageItem, item, path, 'upstream_malformed');
  const phase = hasPhase(item) ? [opaque(PHASE, { phase: item.phase })] : [];
  const parts = content.flatMap((part): Part[] => {
    if (part.type === 'refusal') return [{ type: 'refusal', text: part.refusal ?? '' }];
    if (part.type !== 'output_text') return [opaque(part.type, part as JsonObject)];
    const text: Part[] = part.text ? [{ type: 'text', text: part.text }] : [];
    const { annotations } = part as JsonObject;
    return Array.isArray(annotations) && annotations.length > 0
      ? [...text, opaque(ANNOTATIONS, { annotations })]
      : text;
  });
  return [...parts, ...phase];
}

/** One item of an answer. Items of unknown types stay opaque. Throws `upstream_malformed`. */
function decodeOutputItem(item: JsonObject, path: string): readonly Part[] {
  switch (item.type) {
    case 'message':
      return decodeMessage(item, path);
    case 'reasoning': {
      const thinking = decodeReasoning(item);
      return thinking.text === '' && thinking.redacted === undefined ? [] : [thinking];
    }
    case 'function_call': {
      const call = parseAt(functionCall, item, path, 'upstream_malformed');
      const id = call.call_id || call.id || `call_${path.replace(/\D/g, '')}`;
      return [
        { type: 'tool_call', id, name: call.name, arguments: call.arguments?.trim() ? call.arguments : '{}' },
      ];
    }
    default:
      return [opaque(typeof item.type === 'string' ? item.type : 'item', item)];
  }
}

/** All items of an `output`; what is no object is skipped. */
export function decodeOutput(output: readonly JsonValue[]): Part[] {
  return output.flatMap((item, index) =>
    isJsonObject(item) ? decodeOutputItem(item, `output[${index}]`) : [],
  );
}
