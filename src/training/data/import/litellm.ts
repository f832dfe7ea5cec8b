/**
 * LiteLLM: rows of the table `LiteLLM_SpendLogs` (with `store_prompts_in_spend_logs`, without which they hold no
 * text) and standard logging payloads of its callbacks.
 */
import { type ImportFormat, listOf, numberField, objectOf, textField, withOrigin } from './format.ts';
import { openAiRow } from './openai.ts';

const CHAT = /completion|responses|anthropic_messages|generate_content/;

export const liteLlmFormat: ImportFormat = {
  name: 'litellm',
  recognises: (record) =>
    record.call_type !== undefined && (record.request_id !== undefined || record.trace_id !== undefined),
  map(record) {
    const callType = textField(record, 'call_type');
    if (callType && !CHAT.test(callType)) return { skip: `a call of type ${callType}` };
    const sent = objectOf(record.proxy_server_request) ?? {};
    const body = objectOf(sent.body) ?? sent;
    const parameters = objectOf(record.model_parameters) ?? {};
    const lists = [listOf(record.messages), listOf(body.messages)];
    const messages = lists.find((list) => list !== undefined && list.length > 0);
    const input = messages ? [...messages] : (body.input ?? body.prompt);
    if (input === undefined) return { skip: 'without its text (store_prompts_in_spend_logs was off)' };
    const mapped = openAiRow({ ...parameters, ...body, messages: input });
    const ceiling = numberField(parameters, 'max_tokens');
    return withOrigin(
      'row' in mapped && ceiling !== undefined
        ? { row: { ...mapped.row, facts: { max_tokens: ceiling, ...mapped.row.facts } } }
        : mapped,
      {
        conversation: textField(record, 'session_id', 'trace_id'),
        session: textField(record, 'end_user', 'user'),
      },
    );
  },
};
