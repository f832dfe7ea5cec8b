import type { DialectId } from '../core/chat.ts';
import type { Dialect } from '../core/ports.ts';
import { createAnthropicMessagesDialect } from './anthropic-messages/dialect.ts';
import { createOpenAiChatDialect } from './openai-chat/dialect.ts';

export type { AnthropicMessagesOptions } from './anthropic-messages/encode-request.ts';
export type { OpenAiChatOptions } from './openai-chat/options.ts';
export { createAnthropicMessagesDialect, createOpenAiChatDialect };

/** Every dialect with its defaults, by id. */
export function createDialects(): Record<DialectId, Dialect> {
  return {
    'openai-chat': createOpenAiChatDialect(),
    'anthropic-messages': createAnthropicMessagesDialect(),
  };
}
