/** Requests to OpenAI: bodies, batch files, fine-tuning files, logs that wrap them; chat completions and responses. */
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import { requestRow } from './content.ts';
import {
  type ImportFormat,
  type Mapped,
  numberField,
  objectOf,
  parsed,
  textField,
  withOrigin,
} from './format.ts';

/** The request inside what a log or a batch file puts around it. */
export function requestBody(record: JsonObject): JsonObject {
  for (const name of ['body', 'request', 'request_body', 'requestBody']) {
    const inner = objectOf(record[name]);
    if (inner) return requestBody(inner);
  }
  return record;
}

function wantsJson(body: JsonObject): boolean {
  const format = objectOf(body.response_format) ?? objectOf(objectOf(body.text)?.format);
  return typeof format?.type === 'string' && format.type.startsWith('json');
}

/** The row of a request body of chat completions, responses, or the older completions. */
export function openAiRow(body: JsonObject): Mapped {
  return requestRow({
    messages: body.messages ?? body.input ?? body.prompt,
    system: body.instructions,
    tools: body.tools ?? body.functions,
    json: wantsJson(body),
    maxTokens: numberField(body, 'max_completion_tokens', 'max_tokens', 'max_output_tokens'),
  });
}

const NO_CHAT = /\/(embeddings|images|audio|moderations|files|models)\b/;

export const openAiFormat: ImportFormat = {
  name: 'openai',
  recognises(record) {
    const body = requestBody(record);
    return Array.isArray(parsed(body.messages)) || (body.model !== undefined && body.input !== undefined);
  },
  map(record) {
    const url = textField(record, 'url', 'path', 'endpoint') ?? '';
    if (NO_CHAT.test(url)) return { skip: `a call of ${url}` };
    const body = requestBody(record);
    const metadata = isJsonObject(body.metadata) ? body.metadata : {};
    return withOrigin(openAiRow(body), {
      conversation:
        textField(metadata, 'conversation_id', 'thread_id') ??
        textField(record, 'conversation_id', 'thread_id'),
      session:
        textField(metadata, 'session_id') ??
        textField(record, 'session_id', 'user') ??
        textField(body, 'user'),
    });
  },
};
