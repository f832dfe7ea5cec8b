import { z } from 'zod';
import type { Message, Part, Role } from '../../core/chat.ts';
import { parseAt } from '../validate.ts';
import { decodeContent, decodeOptionalContent } from './content-blocks.ts';

const messageList = z
  .array(z.looseObject({ role: z.enum(['user', 'assistant', 'system']), content: z.unknown().optional() }))
  .min(1);

function isToolResult(part: Part): boolean {
  return part.type === 'tool_result' || (part.type === 'opaque' && part.kind === 'tool_result');
}

/** A user message as canonical ones: each tool result a `tool` message of its own, the rest in runs between them. */
function splitUser(parts: readonly Part[]): Message[] {
  const messages: { role: Role; content: Part[] }[] = [];
  for (const part of parts) {
    const last = messages.at(-1);
    if (isToolResult(part)) messages.push({ role: 'tool', content: [part] });
    else if (last?.role === 'user') last.content.push(part);
    else messages.push({ role: 'user', content: [part] });
  }
  return messages.length > 0 ? messages : [{ role: 'user', content: [] }];
}

/** `system` and `messages` as canonical messages. Throws `invalid_request` naming the field. */
export function decodeMessages(system: unknown, value: unknown): readonly Message[] {
  const instructions = decodeOptionalContent(system, 'system');
  const head: Message[] = instructions.length > 0 ? [{ role: 'system', content: instructions }] : [];
  const messages = parseAt(messageList, value, 'messages').flatMap((message, index): Message[] => {
    const parts = decodeContent(message.content, `messages[${index}].content`);
    return message.role === 'user' ? splitUser(parts) : [{ role: message.role, content: parts }];
  });
  return [...head, ...messages];
}
