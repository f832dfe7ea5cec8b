/** Requests to Anthropic's Messages API: bodies, batch files (`params`), logs that wrap them. */
import type { JsonObject } from '../../../core/json.ts';
import { requestRow } from './content.ts';
import { type ImportFormat, listOf, numberField, objectOf, textField, withOrigin } from './format.ts';
import { requestBody } from './openai.ts';

function messagesBody(record: JsonObject): JsonObject {
  return objectOf(record.params) ?? requestBody(record);
}

/** True where a body can only be Anthropic's: a system prompt beside the messages, or its kinds of content. */
function isAnthropic(body: JsonObject): boolean {
  const messages = listOf(body.messages);
  if (!messages) return false;
  if (body.system !== undefined || body.anthropic_version !== undefined) return true;
  if (typeof body.model === 'string' && body.model.includes('claude')) return true;
  return /"type":"(?:tool_use|tool_result|thinking)"/.test(JSON.stringify(messages));
}

export const anthropicFormat: ImportFormat = {
  name: 'anthropic',
  recognises: (record) => objectOf(record.params)?.messages !== undefined || isAnthropic(requestBody(record)),
  map(record) {
    const body = messagesBody(record);
    const mapped = requestRow({
      messages: body.messages,
      system: body.system,
      tools: body.tools,
      json: objectOf(objectOf(body.output_config)?.format ?? body.output_format) !== undefined,
      maxTokens: numberField(body, 'max_tokens'),
    });
    return withOrigin(mapped, {
      conversation: textField(record, 'conversation_id'),
      session: textField(record, 'session_id') ?? textField(objectOf(body.metadata) ?? {}, 'user_id'),
    });
  },
};
