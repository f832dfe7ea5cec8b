/**
 * Langfuse: observations or traces, as exported from its pages (camelCase) or to blob storage (snake_case). Only
 * generations are requests; spans and events are left out.
 */
import type { JsonObject } from '../../../core/json.ts';
import { requestRow } from './content.ts';
import { type ImportFormat, listOf, numberField, objectOf, parsed, textField, withOrigin } from './format.ts';
import { openAiRow } from './openai.ts';

function isObservation(record: JsonObject): boolean {
  return record.traceId !== undefined || record.trace_id !== undefined;
}

export const langfuseFormat: ImportFormat = {
  name: 'langfuse',
  recognises: (record) =>
    record.input !== undefined &&
    (isObservation(record) || record.sessionId !== undefined || record.session_id !== undefined) &&
    (record.output !== undefined || record.type !== undefined || record.timestamp !== undefined),
  map(record) {
    const type = textField(record, 'type');
    if (type && type.toUpperCase() !== 'GENERATION') return { skip: `an observation of type ${type}` };
    const input = parsed(record.input);
    if (input === undefined || input === null) return { skip: 'without its input' };
    const parameters = objectOf(record.modelParameters ?? record.model_parameters) ?? {};
    const body = objectOf(input);
    const maxTokens = numberField(parameters, 'max_tokens', 'maxTokens', 'max_completion_tokens');
    const mapped = body
      ? openAiRow({ ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }), ...body })
      : requestRow({ messages: listOf(input) ? [...(listOf(input) ?? [])] : input, maxTokens });
    return withOrigin(mapped, {
      conversation: textField(record, 'sessionId', 'session_id', 'traceId', 'trace_id'),
      session: textField(record, 'userId', 'user_id'),
    });
  },
};
