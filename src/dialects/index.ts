import type { DialectId } from '../core/chat.ts';
import type { Dialect } from '../core/ports.ts';
import { createAnthropicMessagesDialect } from './anthropic-messages/dialect.ts';
import { createOpenAiChatDialect } from './openai-chat/dialect.ts';
import { createOpenAiResponsesDialect } from './openai-responses/dialect.ts';

export type { AnthropicMessagesOptions } from './anthropic-messages/encode-request.ts';
export type { OpenAiChatOptions } from './openai-chat/options.ts';
export type { OpenAiResponsesOptions } from './openai-responses/encode-request.ts';
export { createAnthropicMessagesDialect, createOpenAiChatDialect, createOpenAiResponsesDialect };

/** Every dialect with its defaults, by id. */
export function createDialects(): Record<DialectId, Dialect> {
  return {
    'openai-chat': createOpenAiChatDialect(),
    'openai-responses': createOpenAiResponsesDialect(),
    'anthropic-messages': createAnthropicMessagesDialect(),
  };
}
