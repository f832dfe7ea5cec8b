import { z } from 'zod';
import type { ImagePart, Message, Part, Role, TextPart } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import { jsonObject, parseAt } from '../validate.ts';
import { decodeContent } from './content-parts.ts';
import { decodeReasoning } from './reasoning-item.ts';

const itemList = z.array(jsonObject, { error: 'must be a string or an array of items' });
const itemHead = z.looseObject({ type: z.string().nullish() });
const messageItem = z.looseObject({
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: z.unknown().optional(),
});
const functionCall = z.looseObject({
  call_id: z.string().min(1),
  name: z.string().min(1),
  arguments: z.string(),
});
const functionCallOutput = z.looseObject({ call_id: z.string().min(1), output: z.unknown() });

/**
 * Items of the model's own making, which another dialect may leave out; every other item of an unknown type brings
 * something that the model is to know, so that leaving it out would change the meaning.
 */
const MODEL_MADE: ReadonlySet<string> = new Set([
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
  'custom_tool_call',
  'tool_search_call',
  'mcp_call',
  'mcp_list_tools',
  'mcp_approval_request',
]);

function opaque(item: JsonObject, kind: string): Part {
  return { type: 'opaque', dialect: 'openai-responses', kind, raw: item };
}

function decodeMessage(item: JsonObject, path: string): Message {
  const { role, content } = parseAt(messageItem, item, path);
  return {
    role: role === 'developer' ? 'system' : role,
    content: decodeContent(content, `${path}.content`),
  };
}

/** A tool's output; one that holds more than text and images stays opaque, since it cannot cross whole. */
function decodeOutput(item: JsonObject, path: string): Part {
  const { call_id: callId, output } = parseAt(functionCallOutput, item, path);
  const parts = decodeContent(output, `${path}.output`);
  const content = parts.filter(
    (part): part is TextPart | ImagePart => part.type === 'text' || part.type === 'image',
  );
  return content.length < parts.length
    ? opaque(item, 'function_call_output')
    : { type: 'tool_result', callId, content };
}

function decodeItem(item: JsonObject, path: string): Message {
  const type = parseAt(itemHead, item, path).type ?? 'message';
  switch (type) {
    case 'message':
      return decodeMessage(item, path);
    case 'reasoning':
      return { role: 'assistant', content: [decodeReasoning(item)] };
    case 'function_call': {
      const { call_id: id, name, arguments: text } = parseAt(functionCall, item, path);
      return { role: 'assistant', content: [{ type: 'tool_call', id, name, arguments: text }] };
    }
    case 'function_call_output':
      return { role: 'tool', content: [decodeOutput(item, path)] };
    default:
      return { role: MODEL_MADE.has(type) ? 'assistant' : 'user', content: [opaque(item, type)] };
  }
}

/**
 * `instructions` and `input` as canonical messages: items of the assistant that follow one another are one message,
 * as other dialects want a turn with its calls. Throws `invalid_request` naming the field below `input`.
 */
export function decodeInput(instructions: string | null | undefined, input: unknown): readonly Message[] {
  const messages: { role: Role; content: Part[] }[] = [];
  if (instructions) messages.push({ role: 'system', content: [{ type: 'text', text: instructions }] });
  if (input === undefined || input === null) return messages;
  if (typeof input === 'string') {
    return [...messages, { role: 'user', content: decodeContent(input, 'input') }];
  }
  for (const [index, item] of parseAt(itemList, input, 'input').entries()) {
    const { role, content } = decodeItem(item, `input[${index}]`);
    const last = messages.at(-1);
    if (role === 'assistant' && last?.role === 'assistant') last.content.push(...content);
    else messages.push({ role, content: [...content] });
  }
  return messages;
}
