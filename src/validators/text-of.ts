import type { ChatResponse } from '../core/chat.ts';

/** The visible text of an answer: its text parts in order, without reasoning and tool calls. */
export function textOf(response: ChatResponse): string {
  return response.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
