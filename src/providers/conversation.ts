import { createHash } from 'node:crypto';
import type { ChatRequest } from '../core/chat.ts';

/** A conversation as its provider's prompt cache sees it. */
export interface Conversation {
  /** The same for all its requests: made of the end user, the system prompt and the first message. */
  readonly id: string;
  /** The request holds an earlier answer: a cache may hold it too. */
  readonly continues: boolean;
}

export function conversationOf({ messages, user }: Pick<ChatRequest, 'messages' | 'user'>): Conversation {
  const first = messages.findIndex(({ role }) => role !== 'system');
  const opening = JSON.stringify([user, messages.slice(0, first + 1)]);
  return {
    id: createHash('sha256').update(opening).digest('base64').slice(0, 16),
    continues: messages.some(({ role }) => role === 'assistant'),
  };
}
